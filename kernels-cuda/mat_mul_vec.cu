// mat_mul_vec.cu: y = x * weight^T for 1 to 16 rows of GK_A8 or GK_A16; one weight, or the three of attention.
//
// Bytes moved: the weights once, each row of x from the L2 cache once a block. Operations: 2 a weight and row. Grid: a
// block for a tile of 16 rows, a warp for each 1024 of its columns (or each third where there are many). Limit: memory;
// on the fastest of it also the issue of instructions: for a block of 16 x 32 weights (256 bytes of 4-bit codes), where
// an H200 has 49 cycles of a quarter of a multiprocessor and an RTX 4090 330, sm_90 code has
//            1 row  8 rows  16 rows        (GK_A8)
//   Q4_K        34      63       81
//   AWQ         48      78       not counted
// So an H200 is expected to be limited by issue from 8 rows on, an RTX 4090 by memory everywhere.
//   QwQ-32B        Q4_K bytes   blocks x warps          reads at 4.8 TB/s   at 1.0 TB/s
//   5120 x 5120       14.7 MB    320 x 5                    3.1 us             15 us
//   1024 x 5120        2.9 MB     64 x 5                    0.6 us              3 us
//   27648 x 5120      79.6 MB    864 x 5 (gate and up)       33 us            159 us
//   5120 x 27648      79.6 MB    320 x 9, three rounds       17 us             80 us
//   152064 x 5120      639 MB   2376 x 5 (Q6_K)             133 us            639 us
#include "ops.hpp"
#include "vec_block.hpp"

namespace gatun::cuda {
namespace {

struct Product {
  const gk_weight &weight;
  const gk_tensor &y;
};

constexpr int64_t plainWarps = 10;  // of a tile: QwQ's 27 chunks are three rounds of 9

// Products of one type, in one launch.
template <class Products>
void multiply(const Queue &queue, const Products &products, int count, const gk_tensor &x) {
  VecJob job = vecJob(products[0]->weight, x);
  int64_t tiles = 0;
  for (int i = 0; i < count; i++) {
    tiles += cpu::tileCount(products[i]->weight.rows);
  }
  forQuantizedType(products[0]->weight.dtype, [&]<int Dtype>() {
    forTokens(x, [&]<bool Wide, int Tokens>() {
      using Shared = typename VecBlock<Dtype, Wide, Tokens>::Shared;
      const int64_t most = mostWarps<Shared, Tokens>(queue);
      shareChunks(job, most < plainWarps ? most : plainWarps);
      // Small blocks so that every multiprocessor has some; larger ones, and more turns, only where tiles abound.
      const int64_t fit = (most < 8 ? most : 8) / job.warps, each = tiles / (2 * queue.multiprocessors);
      job.slots = static_cast<int32_t>(each < 1 || fit < 1 ? 1 : each < fit ? each : fit);
      const int64_t turns = tiles / (int64_t{8} * job.slots * queue.multiprocessors);
      job.turns = static_cast<int32_t>(turns < 1 ? 1 : turns < 4 ? turns : 4);
      int64_t blocks = 0;
      for (int i = 0; i < 3; i++) {
        job.operand[i].firstBlock = INT64_MAX;
        if (i < count) {
          const Product &p = *products[i];
          job.operand[i] = {static_cast<const uint8_t *>(p.weight.data), static_cast<float *>(p.y.data), p.y.stride,
                            p.weight.rows, blocks};
          blocks += ceilDiv(cpu::tileCount(p.weight.rows), int64_t{job.slots} * job.turns);
        }
      }
      const int warps = job.warps * job.slots;
      launch(queue,
             {gridOf(blocks), static_cast<unsigned>(32 * warps),
              warps * static_cast<int64_t>(sizeof(Shared))},
             multiplyVec<Dtype, Wide, Tokens>, job);
    });
  });
}

}  // namespace

void matMulVec(const Queue &queue, const gk_weight &weight, const gk_tensor &x, const gk_tensor &y) {
  const Product product = {weight, y};
  const Product *products[1] = {&product};
  multiply(queue, products, 1, x);
}

// Weights of the same type share a launch. A launch for three types at once would need a kernel with every type's code
// and the registers of the greediest: 13 times the code for the layers in which one of the three differs.
void qkvVec(const Queue &queue, const gk_weight &q, const gk_weight &k, const gk_weight &v, const gk_tensor &x,
            const gk_tensor &yq, const gk_tensor &yk, const gk_tensor &yv) {
  const Product all[3] = {{q, yq}, {k, yk}, {v, yv}};
  bool done[3] = {false, false, false};
  for (int i = 0; i < 3; i++) {
    const Product *products[3] = {};
    int count = 0;
    for (int j = i; j < 3; j++) {
      if (!done[j] && all[j].weight.dtype == all[i].weight.dtype && all[j].weight.group == all[i].weight.group) {
        done[j] = true;
        products[count++] = &all[j];
      }
    }
    if (count > 0) {
      multiply(queue, products, count, x);
    }
  }
}

}  // namespace gatun::cuda

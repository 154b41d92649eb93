// mat_mul_vec.cu: y = x * weight^T for 1 to 16 rows of GK_A8 or GK_A16; one weight, or the three of attention.
//
// Bytes moved: the weights once. One row of x comes from the L2 cache once a tile, 14 % more bytes. Sixteen would be
// 220 % more, over what that cache gives; they are staged in shared memory, for all tiles that a block multiplies.
// Operations: 2 a weight and row. Grid: a tile of 16 rows takes a warp for each 1024 of its columns, or in several
// rounds where there are many. One row: blocks of a tile or a few. More rows: a block a multiprocessor, see
// vec_launch.hpp.
//
// Limit: memory, as long as it takes longer than the issue of instructions: one a cycle for each quarter of a
// multiprocessor. In that time an H200 reads 4.1 bytes (4.3 TB/s, 132 multiprocessors at 1.98 GHz), an RTX 4090 0.78
// (1.008 TB/s, 128 at 2.52). A block of 16 x 32 weights thus leaves time for so many, and takes, counted in the machine
// code for sm_90 with all that is done once a quad (GK_A8):
//            bytes   H200   RTX 4090     1 row   8 rows   16 rows
//   AWQ 128    268     65        344        28       35        54
//   Q4_K       288     70        369        35       42        57
//   Q6_K       420    102        538        43       56        76
//   Q4_0       288     70        369        26       31        42
//   IQ4_XS     272     66        349        58       63        74   (two thirds for looking values up)
//   Q8_0       544    132        697        23       28        38
// Bytes under way: a warp asks for two quads ahead, 4.3 KiB of AWQ and 4.5 of Q4_K, and a multiprocessor has 10 to 15
// warps. An H200 needs 26 KiB a multiprocessor at 0.8 us, an RTX 4090 6.
//   QwQ-32B           bytes    time at 4.3 and 1.008 TB/s   blocks x warps, 1 row; 16 rows on an H200
//   5120 x 5120     14.7 MB    3.4 us      15 us             320 x 5               107 x 15, 3 tiles each
//   1024 x 5120      2.9 MB    0.7 us       3 us              64 x 5                64 x 5
//   2 x 27648 x 5120  159 MB    37 us     158 us             864 x 5               132 x 10, 6 or 7 times 32 rows
//   5120 x 27648    79.6 MB     19 us      79 us             320 x 9, 3 rounds     132 x 9, 3 rounds of 3 tiles
//   152064 x 5120    639 MB    149 us     634 us  (Q6_K)    2376 x 5, 4 tiles      132 x 10, 72 tiles
#include "ops.hpp"
#include "products/vec_launch.hpp"

namespace gatun::cuda {
namespace {

struct Product {
  const gk_weight &weight;
  const gk_tensor &y;
};

// Products of one type, in one launch.
template <class Products>
void multiply(const Queue &queue, const Products &products, int count, const gk_tensor &x) {
  VecJob job = vecJob(products[0]->weight, x);
  int64_t tiles = 0;
  for (int i = 0; i < 3; i++) {
    job.operand[i].firstTile = INT64_MAX;
    if (i < count) {
      const Product &p = *products[i];
      job.operand[i] = {static_cast<const uint8_t *>(p.weight.data), static_cast<float *>(p.y.data), p.y.stride,
                        p.weight.rows, tiles};
      tiles += cpu::tileCount(p.weight.rows);
    }
  }
  forVecType(products[0]->weight, [&]<int Dtype>() {
    forTokens(x, [&]<bool Wide, int Tokens>() {
      launchVec<VecBlock<Dtype, Wide, Tokens>>(queue, job, tiles, 1, vecMaxWarps<Dtype, Wide, Tokens>,
                                               multiplyVec<Dtype, Wide, Tokens>, tiles);
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

// latent_attention.cu: Attention over a latent cache: all heads of a token read one key, and of it the value.
//
// A block has rows (token, head) of a sequence: 32, or 16 where shared memory is less than 120 KiB a block; 8 warps. It
// takes a split of 512 positions of a token's context, as attention_split.hpp's do, or walks the whole context of many
// tokens' rows; either way pages of 32 positions come through a ring of two in shared memory. See latent_tile.hpp and
// latent_block.hpp.
//
// Bytes: n * head_dim of the cache's type from memory once, since blocks of a token's heads run side by side, and once
// a block from the second-level cache: R1, 128 heads, F16, 32,768 positions: 37.7 MB a layer, times 4 (or 8). Partial
// results: (latent + 2) * 4 * heads a split, written and read: 0.26 MB, 17 MB at 32,768. Many tokens: 64 KiB a block
// and split, which stay in the second-level cache, and none below 513 positions. Operations: n * heads * 2 * (2
// head_dim + latent) on tensor cores, for queries have two terms: R1 at 32,768: 14.0 Gop, 370 a byte of F16
// (BF16: 18.2, as probabilities have two terms too). So arithmetic is the limit, not memory:
//   H200: mma.sync reaches 62 % of 989 Tflop/s: 23 us; memory at 4.3 TB/s 8.8 us.  RTX 4090, 165 Tflop/s: 85 us; 37 us.
// A page and row tile of 32: 832 mma, 1,331 cycles of a multiprocessor at that rate; shared memory 288 cycles of keys,
// 512 of parts of scores, 256 of values; 37 KiB from the second-level cache, 28 bytes a cycle, of which an H200 has
// about 22 for each of 132 multiprocessors: expected 33 us, 70 % of what arithmetic allows. Three barriers a page.
// Registers: of 32 rows 64 for sums, 80 for queries.
//
// F32 goes another way (latent_fp32.hpp), a warp a head. Limit: instructions: about 2 a multiply-add, of which a page
// of 576 + 512 elements has 1,088 * 32 a head.
#include "attention/latent_attention.hpp"
#include "attention/latent_block.hpp"
#include "attention/latent_fp32.hpp"

namespace gatun::cuda {
namespace {

// Blocks of a launch whose blocks take work until there is no more: what the device holds, or at most one for each
// task.
template <class Kernel>
int64_t blocksFor(const Queue &queue, int64_t tasks, const LaunchShape &shape, Kernel *kernel) {
  const int64_t blocks = residentBlocksOf(queue, shape, kernel);
  return blocks < tasks ? blocks : tasks;
}

template <int Type, int Tiles>
void start(const Queue &queue, const Attention &a) {
  using Block = LatentBlock<Type, Tiles>;
  constexpr auto kernel = attendLatentRows<Type, Tiles>;
  const int stages = LatentLayout(a.cache, Type, Block::rows, 2).bytes <= queue.sharedLimit ? 2 : 1;
  LaunchShape shape = {1, latentThreads, LatentLayout(a.cache, Type, Block::rows, stages).bytes};
  int64_t tasks = int64_t{a.tokens} * ceilDiv(a.heads, Block::rows) * a.splits;
  float4 *sums = nullptr;
  if (a.partialValues == nullptr) {
    constexpr int64_t blockBytes = Block::latentSums * static_cast<int64_t>(sizeof(float4));
    const int64_t runs = a.sequences < a.tokens ? a.sequences + 1 : a.tokens;  // each adds a tile at most
    const int64_t tiles = ceilDiv(int64_t{a.tokens} * a.heads, Block::rows) + runs,
                  fitting = queue.workspaceBytes / blockBytes;
    tasks = tiles < fitting ? tiles : fitting < 1 ? 1 : fitting;
    sums = queue.borrow<float4>(Block::latentSums);
  }
  shape.grid = gridOf(blocksFor(queue, tasks, shape, kernel));
  launch(queue, shape, kernel, a, stages, sums);
}

template <int Type>
void startType(const Queue &queue, const Attention &a) {
  // No bit depends on it: a row's sums have one order, however many rows a block has.
  if (LatentLayout(a.cache, Type, 32, 2).bytes <= queue.sharedLimit) {
    start<Type, 2>(queue, a);
  } else {
    start<Type, 1>(queue, a);
  }
}

void startFp32(const Queue &queue, const Attention &a) {
  const int64_t tasks = a.tokens * ceilDiv(a.heads, latentFp32Warps);
  LaunchShape shape = {gridOf(tasks), 32 * latentFp32Warps, latentFp32SharedBytes(a.cache.headDim)};
  if (a.partialValues != nullptr) {
    shape.grid = gridOf(blocksFor(queue, tasks * a.splits, shape, attendLatentsFp32));
  }
  launch(queue, shape, attendLatentsFp32, a);
}

}  // namespace

int64_t latentWorkspaceLeast() { return LatentBlock<GK_F16, 2>::latentSums * static_cast<int64_t>(sizeof(float4)); }

void attendLatents(const Queue &queue, const Attention &a) {
  switch (a.cache.keyType) {
    case GK_F16:
      return startType<GK_F16>(queue, a);
    case GK_BF16:
      return startType<GK_BF16>(queue, a);
    case GK_F8:
      return startType<GK_F8>(queue, a);
    case GK_Q8_0:
      return startType<GK_Q8_0>(queue, a);
    default:
      return startFp32(queue, a);
  }
}

}  // namespace gatun::cuda

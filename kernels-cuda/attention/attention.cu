// attention.cu: Attention: softmax(scale * q . keys) . values over the paged cache, without the matrix of scores.
//
// Singles, and up to 32 more tokens (attention_split.hpp): tasks (tile of 16 rows of a sequence, split of 512
// positions, key/value head), of which there are as many as the true positions make; as many blocks as the device
// holds, of 128 threads, take every so many-th of them, found by a running sum of the rows' splits: two reads and five
// exchanges for each 32 rows. So a launch is the same for all lengths, and costs the sum of what each sequence costs
// alone. mergeSplits follows, a thread a column of the result. Bytes: n * kv_heads * head_dim * (bytes of a key and of
// a value) once for up to 16 / group tokens of a sequence; partial results (head_dim + 2) * 4 * heads a split, written
// and read: QwQ-32B 20.8 kB; rows whose longest contexts would not fit the workspace take turns in it. Limit: memory.
// QwQ-32B (40 query heads on 8, head_dim 128) at 32,768 tokens, a layer: 134 MB with F16, 71 MB with Q8_0, 38 MB with
// Q4_0 and 1.3 MB of partial results: at the 1,008 GB/s of an RTX 4090 133, 71 and 37 us; at 131,072 four times that.
// Its tensor cores do 16 rows whatever the group: 96 products of 16 x 8 x 16 a page of a head, 20 us at their 165
// Tflop/s.
//
// More tokens behind the singles (attention_walk.hpp): grid (tiles of up to 128 rows of a sequence x key/value heads)
// and 256 threads; of long heads 32 rows and 64 threads. A grid has a tile more for each sequence there may be, whose
// blocks leave where there is none. Limit: tensor cores. Products: 6 * n * head_dim operations a query head and token
// of n positions, since queries have two terms (8 with BF16; 4 would be the least). A prompt of 2,048 tokens of
// QwQ-32B, a layer: 40 * 2,048
// * 1,024 * 128 * 6 = 64 Gop, 0.39 ms at the 165 Tflop/s of an RTX 4090; causal tiles add a sixteenth.
//
// Occupancy of head_dim 128: splits 3 blocks of 4 warps a multiprocessor by registers, by shared memory 1 with F16 on
// 100 KiB and 3 on 164 KiB, 3 with Q4_0; a ring of 48 KiB is more than the 6 to 26 KiB under way that memory wants of a
// multiprocessor. Walks: one block of 8 warps, by registers and, with F16, by shared memory.
#include "attention/attention_fp32.hpp"
#include "attention/attention_split.hpp"
#include "attention/attention_walk.hpp"
#include "attention/latent_attention.hpp"
#include "ops.hpp"

namespace gatun::cuda {
namespace {

constexpr int64_t sharedLimit = 99 * 1024;            // of a block, on every architecture
constexpr int64_t ringBytes = 48 * 1024;              // of pages, that several blocks may share a multiprocessor
constexpr int64_t workspaceMost = int64_t{32} << 20;  // unless one token needs more
constexpr float log2e = 1.44269504f;

constexpr bool isQuantised(int32_t dtype) { return dtype != GK_F32; }

int64_t partialBytes(int64_t rows, int64_t splits, int64_t valueDim) { return rows * splits * (valueDim + 2) * 4; }

// Blocks of a launch whose blocks take work until there is no more: what the device holds, or at most one for each of
// the tasks that the longest contexts would give.
template <class Kernel>
LaunchShape shapeOf(const Queue &queue, int64_t tasks, int threads, int64_t sharedBytes, Kernel *kernel) {
  const int64_t blocks = residentBlocksOf(queue, {1, threads, sharedBytes}, kernel);
  return {gridOf(blocks < tasks ? blocks : tasks), threads, sharedBytes};
}

template <int Steps>
void launchSplits(const Queue &queue, const Attention &a) {
  const int64_t tasks = int64_t{a.tokens} * headTilesOf(a.group) * a.cache.kvHeads * a.splits;
  const int64_t fitting = ringBytes / a.cache.headBytes, before = sizeof(SplitShared);
  int stages = static_cast<int>(fitting < splitMaxStages ? fitting : splitMaxStages);
  if (stages < 3) {
    stages = before + int64_t{3} * a.cache.headBytes <= sharedLimit ? 3 : 2;
  }
  const int64_t sharedBytes = before + stages * a.cache.headBytes;
  launch(queue, shapeOf(queue, tasks, 32 * splitWarps, sharedBytes, attendSplits<Steps>), attendSplits<Steps>, a,
         stages);
}

template <int Steps>
void launchWalk(const Queue &queue, const Attention &a) {
  // Where sequences are cut only the device knows: each, and padding, adds a tile at most.
  const int64_t runs = a.sequences < a.tokens ? a.sequences + 1 : a.tokens;
  const int64_t tiles = ceilDiv(int64_t{a.tokens} * a.group, 16 * walkWarps<Steps>) + runs;
  const int stages = walkSharedBytes<Steps>(a.cache, 2) <= sharedLimit ? 2 : 1;
  launch(queue, {gridOf(tiles * a.cache.kvHeads), 32 * walkWarps<Steps>, walkSharedBytes<Steps>(a.cache, stages)},
         walkSplits<Steps>, a, stages);
}

// The kernels of this head_dim.
template <int Steps>
void run(const Queue &queue, const Attention &a) {
  a.partialValues != nullptr ? launchSplits<Steps>(queue, a) : launchWalk<Steps>(queue, a);
}

void runHeads(const Queue &queue, const Attention &a) {
  switch (a.cache.headDim) {
    case 64:
      run<4>(queue, a);
      break;
    case 80:
      run<5>(queue, a);
      break;
    case 96:
      run<6>(queue, a);
      break;
    case 128:
      run<8>(queue, a);
      break;
    default:
      run<anySteps>(queue, a);
  }
}

void runFp32(const Queue &queue, const Attention &a) {
  const int64_t rows = int64_t{a.tokens} * a.heads;
  const LaunchShape shape =
      a.partialValues != nullptr
          ? shapeOf(queue, ceilDiv(rows * a.splits, fp32Warps), 32 * fp32Warps, sizeof(Fp32Shared), attendFp32)
          : LaunchShape{gridOf(ceilDiv(rows, fp32Warps)), 32 * fp32Warps, sizeof(Fp32Shared)};
  launch(queue, shape, attendFp32, a);
}

template <class Power>
void merge(const Queue &queue, const Attention &a) {
  const int threads = mergeThreadsOf(a.cache);
  const int64_t blocks = ceilDiv(int64_t{a.heads} * a.valueDim, threads) * a.tokens;
  launch(queue, {gridOf(blocks), threads, sizeof(MergeShared)}, mergeSplits<Power>, a);
}

void runTokens(const Queue &queue, Attention a) {
  if (a.cache.keyType == GK_F32 || a.cache.valueType == GK_F32) {
    a.cache.latent != 0 ? attendLatents(queue, a) : runFp32(queue, a);
    if (a.partialValues != nullptr) {
      merge<PowerOfE>(queue, a);
    }
    return;
  }
  a.scale *= log2e;
  if (a.cache.latent != 0) {
    attendLatents(queue, a);
  } else {
    runHeads(queue, a);
  }
  if (a.partialValues != nullptr) {
    merge<PowerOfTwo>(queue, a);
  }
}

// Tokens first .. first + count - 1 of the step.
Attention slice(const Attention &a, int64_t first, int64_t count) {
  Attention some = a;
  some.tokens = static_cast<int32_t>(count);
  const int64_t singles = a.singles - first;
  some.singles = static_cast<int32_t>(singles < 0 ? 0 : singles < count ? singles : count);
  some.position += first;
  some.sequence += first;
  some.q += first * a.qStride;
  some.y = static_cast<char *>(a.y) + first * a.yStride * (isQuantised(a.yType) ? 1 : 4);
  return some;
}

// Singles and few more tokens: as many at a time as the workspace has room for partial results of.
void runSplit(const Queue &queue, const Attention &a) {
  const int64_t tokenBytes = partialBytes(a.heads, a.splits, a.valueDim);
  const int64_t fitting = queue.workspaceBytes / tokenBytes;
  const int64_t most = fitting < 1 ? 1 : fitting < a.tokens ? fitting : a.tokens;
  auto *const room = queue.borrow<char>(most * tokenBytes);
  for (int64_t first = 0; first < a.tokens; first += most) {
    Attention some = slice(a, first, a.tokens - first < most ? a.tokens - first : most);
    const int64_t rows = int64_t{some.tokens} * a.heads;
    some.partialStates = reinterpret_cast<float2 *>(room);
    some.partialValues = reinterpret_cast<float *>(some.partialStates + rows * a.splits);
    runTokens(queue, some);
  }
}

// Many tokens whose heads do not end with a block of the quantised result: floats first, in the workspace.
void runThenQuantise(const Queue &queue, const Attention &a) {
  const int64_t columns = int64_t{a.heads} * a.valueDim, fitting = queue.workspaceBytes / (columns * 4);
  const int64_t most = fitting < 1 ? 1 : fitting < a.tokens ? fitting : a.tokens;
  auto *const room = queue.borrow<float>(most * columns);
  for (int64_t first = 0; first < a.tokens; first += most) {
    Attention some = slice(a, first, a.tokens - first < most ? a.tokens - first : most);
    const gk_tensor floats = {room, some.tokens, columns, columns, GK_F32, 0};
    const gk_tensor quantised = {some.y, some.tokens, columns, columns, a.yType, 0};
    some.y = room;
    some.yType = GK_F32;
    some.yStride = columns;
    runTokens(queue, some);
    quantize(queue, floats, quantised);
  }
}

}  // namespace

int64_t attentionWorkspaceBytes(const Queue &, const gk_limits &limits) {
  const int64_t splits = ceilDiv(limits.context, splitTokens);
  const int64_t valueDim = limits.latent != 0 ? limits.latent : limits.head_dim;
  const int64_t token = ceilDiv(partialBytes(limits.heads, splits, valueDim), GK_ALIGNMENT) * GK_ALIGNMENT;
  const int64_t tokens = token * (limits.tokens < splitMaxTokens ? limits.tokens : splitMaxTokens);
  const int64_t least = limits.latent != 0 ? latentWorkspaceLeast() : 0, wanted = tokens > least ? tokens : least;
  return wanted <= workspaceMost ? wanted : token > workspaceMost ? token : workspaceMost;
}

// compute: integers would be no faster than what the tensor cores make of the cache's type.
void attention(const Queue &queue, const gk_batch &batch, const gk_tensor &q, const gk_cache &cache, float scale,
               int32_t /* compute */, const gk_tensor &y) {
  if (batch.tokens == 0) {
    return;
  }
  Attention a = {};
  a.cache = cachePages(cache);
  a.position = batch.position;
  a.sequence = batch.sequence;
  a.pageTable = batch.page_table;
  a.tokens = batch.tokens;
  a.singles = batch.singles;
  a.sequences = batch.sequences;
  a.maxPages = batch.max_pages;
  a.heads = static_cast<int32_t>(q.cols / cache.head_dim);
  a.group = a.heads / cache.kv_heads;
  a.valueDim = cache.latent != 0 ? cache.latent : cache.head_dim;
  a.splits = static_cast<int32_t>(ceilDiv(batch.max_pages, splitPages));
  a.scale = scale;
  a.yType = y.dtype;
  a.q = static_cast<const float *>(q.data);
  a.qStride = q.stride;
  a.y = y.data;
  a.yStride = y.dtype == GK_A8     ? y.cols / GK_ACTIVATION_BLOCK * activationBlockBytes<GK_A8>
              : y.dtype == GK_A16  ? y.cols / GK_ACTIVATION_BLOCK * activationBlockBytes<GK_A16>
              : y.dtype == GK_BF16 ? y.cols / GK_ACTIVATION_BLOCK * activationBlockBytes<GK_BF16>
                                   : y.stride;
  const int32_t split = batch.tokens - batch.singles <= splitMaxTokens ? batch.tokens : batch.singles;
  if (split > 0) {
    runSplit(queue, slice(a, 0, split));
  }
  if (split == batch.tokens) {
    return;
  }
  const Attention walked = slice(a, split, batch.tokens - split);
  if (isQuantised(y.dtype) && a.valueDim % GK_ACTIVATION_BLOCK != 0) {
    runThenQuantise(queue, walked);
  } else {
    runTokens(queue, walked);
  }
}

}  // namespace gatun::cuda

// product.cpp: groups rows by matrix, prepares their activations, and multiplies tile by tile on all threads.
//
// Bytes: every tile of every chosen matrix once for each thread's share, 2 bytes an activation for each chunk of
// tiles. Work is split over (matrix, tile) in chunks whose tiles stay in the second-level cache while all groups of
// tokens pass by; no sum is ever split, so the number of threads changes nothing.
#include "product.hpp"

#include "kernels.hpp"

namespace gatun::cpu::GK_ISA {
namespace {

constexpr int64_t kChunkBytes = 256 << 10;  // of tiles: half of a usual second-level cache
constexpr int64_t kSerialBlocks = 4096;     // prepared faster by one thread than handed out

// Rows of one matrix: sorted[first .. first + rows), multiplied by groups [firstGroup, firstGroup + groups).
struct Span {
  int64_t matrix, first, rows, firstGroup, groups;
};

// Up to `size` rows, sorted[first .. first + rows), multiplied at once; the rest of `size` is padding.
struct Group {
  int64_t first, rows, size;
  int64_t panel;  // of Product::rows, in rows of activations
};

struct Job {
  const Product &product;
  TileShape shape;
  int64_t tiles;  // of one matrix
  int digits;     // of integer activations; 0: fp32
  Pool &pool;
  const int32_t *sorted = nullptr;
  const Span *spans = nullptr;
  const Group *groups = nullptr;
  Activations *panel = nullptr;
  char *plan = nullptr;  // thread 0's scratch beyond the plan
  Int8Kernel int8[5] = {};
  FloatKernel fp32[3] = {};
};

int64_t log2Of(int64_t size) { return size == 16 ? 4 : size == 8 ? 3 : size == 4 ? 2 : size - 1; }

// Tokens of the next group, `most` or a `step`th of it, and so on: padding is cheaper than a second pass over the tile
// from three quarters on.
int64_t groupSize(int64_t rows, int64_t most, int64_t step) {
  int64_t size = most;
  while (size > 1 && 4 * rows < 3 * size) size /= step;
  return size;
}

const uint8_t *tileAt(const Job &job, const gk_weight &weight, int64_t matrix, int64_t tile) {
  return static_cast<const uint8_t *>(weight.data) + matrix * weight.expert_stride + tile * job.shape.plane.size;
}

// Writes a group's [size][16] results, those of `up` following those of `weight`, to the rows of y.
void finish(const Job &job, const Group &group, int64_t tile, const float *out) {
  const Product &p = job.product;
  const int64_t left = p.weight.rows - tile * GK_TILE_ROWS;
  for (int64_t m = 0; m < group.rows; m++) {
    F32x16 v = load(out + 16 * m);
    if (p.up != nullptr) v = silu(v) * load(out + 16 * (group.size + m));
    float *y = p.y + p.yRows.at(job.sorted[group.first + m]) + tile * GK_TILE_ROWS;
    if (left >= GK_TILE_ROWS)
      store(y, v);
    else
      store(y, v, left);
  }
}

void int8Tiles(const Job &job, const Span &span, int64_t begin, int64_t end) {
  alignas(64) float out[2 * kMaxTokens * 16];
  for (int64_t g = span.firstGroup; g < span.firstGroup + span.groups; g++) {
    const Group &group = job.groups[g];
    const Int8Kernel kernel = job.int8[log2Of(group.size)];
    const Activations *x = job.panel + group.panel * job.shape.blocks * job.digits;
    for (int64_t tile = begin; tile < end; tile++) {
      kernel(tileAt(job, job.product.weight, span.matrix, tile), job.shape, x, out);
      if (job.product.up != nullptr)
        kernel(tileAt(job, *job.product.up, span.matrix, tile), job.shape, x, out + 16 * group.size);
      finish(job, group, tile, out);
    }
  }
}

// With more rows than a kernel takes, the tile is dequantised once, to a GK_F32 tile of the thread's own.
void floatTiles(const Job &job, const Span &span, int64_t begin, int64_t end, int thread) {
  const Product &p = job.product;
  const gk_weight *weights[2] = {&p.weight, p.up};
  const bool expands = span.rows > kMaxFloatTokens && p.weight.dtype != GK_F32;
  const int64_t floats = 16 * job.shape.cols;
  float *expanded = nullptr;
  if (expands) {
    expanded = thread == 0 ? reinterpret_cast<float *>(job.plan)
                           : static_cast<float *>(job.pool.scratch(thread, 2 * 4 * floats));
  }
  alignas(64) float out[2 * kMaxFloatTokens * 16];
  for (int64_t tile = begin; tile < end; tile++) {
    const uint8_t *data[2];
    for (int w = 0; w < (p.up != nullptr ? 2 : 1); w++) {
      data[w] = tileAt(job, *weights[w], span.matrix, tile);
      if (!expands) continue;
      expansion(p.weight.dtype)(data[w], job.shape, expanded + w * floats);
      data[w] = reinterpret_cast<const uint8_t *>(expanded + w * floats);
    }
    for (int64_t g = span.firstGroup; g < span.firstGroup + span.groups; g++) {
      const Group &group = job.groups[g];
      const float *x[kMaxFloatTokens];
      for (int64_t m = 0; m < group.size; m++) {  // padding repeats the last row
        const int64_t row = job.sorted[group.first + (m < group.rows ? m : group.rows - 1)];
        x[m] = reinterpret_cast<const float *>(static_cast<const char *>(p.x.data) + p.xRows.at(row));
      }
      const FloatKernel kernel =
          expands ? floatKernel(GK_F32, static_cast<int>(group.size)) : job.fp32[log2Of(group.size)];
      kernel(data[0], job.shape, x, out);
      if (p.up != nullptr) kernel(data[1], job.shape, x, out + 16 * group.size);
      finish(job, group, tile, out);
    }
  }
}

void tiles(void *arg, int64_t begin, int64_t end, int thread) {
  const Job &job = *static_cast<const Job *>(arg);
  while (begin < end) {
    const Span &span = job.spans[begin / job.tiles];
    const int64_t first = begin % job.tiles, rest = job.tiles - first;
    const int64_t count = end - begin < rest ? end - begin : rest;
    if (job.panel != nullptr)
      int8Tiles(job, span, first, first + count);
    else
      floatTiles(job, span, first, first + count, thread);
    begin += count;
  }
}

void prepareGroups(void *arg, int64_t begin, int64_t end, int) {
  const Job &job = *static_cast<const Job *>(arg);
  const int64_t blocks = job.shape.blocks;
  for (int64_t g = begin; g < end; g++) {
    const Group &group = job.groups[g];
    Activations *panel = job.panel + group.panel * blocks * job.digits;
    const int64_t step = group.size * job.digits;
    for (int64_t m = 0; m < group.size; m++) {
      Activations *to = panel + m * job.digits;
      if (m < group.rows) {
        const int64_t row = job.sorted[group.first + m];
        const uint8_t *from = static_cast<const uint8_t *>(job.product.x.data) + job.product.xRows.at(row);
        prepare(job.product.weight.dtype, job.digits, from, blocks, to, step);
      } else {
        for (int64_t b = 0; b < blocks; b++) {
          for (int d = 0; d < job.digits; d++) to[b * step + d] = Activations{};
        }
      }
    }
  }
}

int64_t matrixOf(const Product &p, int64_t row) {
  if (p.ids == nullptr) return row % p.weight.experts;
  return static_cast<const int32_t *>(p.ids->data)[row / p.ids->cols * p.ids->stride + row % p.ids->cols];
}

// Rows that have a matrix by matrix, ascending within one (counting sort). start: experts + 1 counters.
void sortRows(const Product &p, int64_t *start, int32_t *sorted) {
  const int64_t matrices = p.weight.experts;
  for (int64_t e = 0; e <= matrices; e++) start[e] = 0;
  for (int64_t i = 0; i < p.rows; i++) {
    const int64_t matrix = matrixOf(p, i);
    if (matrix >= 0) start[matrix + 1]++;
  }
  for (int64_t e = 0; e < matrices; e++) start[e + 1] += start[e];
  for (int64_t i = 0; i < p.rows; i++) {
    const int64_t matrix = matrixOf(p, i);
    if (matrix >= 0) sorted[start[matrix]++] = static_cast<int32_t>(i);
  }
}

int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

}  // namespace

int64_t activationBytes(const gk_tensor &x, int64_t cols) {
  return x.dtype == GK_F32 ? cols * int64_t{sizeof(float)} : cols / GK_ACTIVATION_BLOCK * activationBlockBytes(x.dtype);
}

void multiply(Pool &pool, Product p) {
  const int digits = p.x.dtype == GK_A16 ? 2 : p.x.dtype == GK_A8 ? 1 : 0;
  const bool int8 = digits > 0;
  const int64_t most = int8 ? kMaxTokens : kMaxFloatTokens, step = digits == 2 ? 4 : 2, matrices = p.weight.experts;
  Job job{p, tileShape(p.weight), tileCount(p.weight.rows), digits, pool};

  // One piece of scratch: sorted rows, counters, spans, groups, activations or an expanded tile.
  const int64_t sortedBytes = aligned(p.rows * 4), startBytes = aligned((matrices + 1) * 8);
  const int64_t spanBytes = aligned(least(matrices, p.rows) * static_cast<int64_t>(sizeof(Span)));
  const int64_t groupBytes = aligned(p.rows * static_cast<int64_t>(sizeof(Group)));
  const int64_t panelRows = (4 * p.rows + 2) / 3;
  const int64_t rest = int8 ? panelRows * job.shape.blocks * digits * 64 : 2 * 64 * job.shape.cols;
  char *at = static_cast<char *>(pool.scratch(0, sortedBytes + startBytes + spanBytes + groupBytes + rest));
  auto *sorted = reinterpret_cast<int32_t *>(at);
  auto *start = reinterpret_cast<int64_t *>(at + sortedBytes);
  auto *spans = reinterpret_cast<Span *>(at + sortedBytes + startBytes);
  auto *groups = reinterpret_cast<Group *>(at + sortedBytes + startBytes + spanBytes);
  job.plan = at + sortedBytes + startBytes + spanBytes + groupBytes;

  sortRows(p, start, sorted);
  int64_t spanCount = 0, groupCount = 0, panel = 0, row = 0;
  for (int64_t e = 0; e < matrices; e++) {
    if (start[e] == row) continue;  // start[e] is the end of matrix e's rows by now
    Span &span = spans[spanCount++] = {e, row, start[e] - row, groupCount, 0};
    while (row < start[e]) {
      const int64_t left = start[e] - row, size = groupSize(left, most, step), rows = least(left, size);
      groups[groupCount++] = {row, rows, size, panel};
      panel += size;
      row += rows;
    }
    span.groups = groupCount - span.firstGroup;
  }
  job.sorted = sorted, job.spans = spans, job.groups = groups;

  if (int8) {
    job.panel = reinterpret_cast<Activations *>(job.plan);
    for (int i = 0; i < 5; i++) job.int8[i] = int8Kernel(p.weight.dtype, digits, 1 << i);
    if (panel * job.shape.blocks * digits <= kSerialBlocks)
      prepareGroups(&job, 0, groupCount, 0);
    else
      pool.parallelFor(groupCount, 1, prepareGroups, &job);
  } else {
    for (int i = 0; i < 3; i++) job.fp32[i] = floatKernel(p.weight.dtype, 1 << i);
  }
  const int64_t work = spanCount * job.tiles, fair = work / (pool.threads() * 8);
  const int64_t fits = kChunkBytes / (job.shape.plane.size * (p.up != nullptr ? 2 : 1));
  const int64_t grain = least(fair, fits);
  pool.parallelFor(work, grain < 1 ? 1 : grain, tiles, &job);
}

}  // namespace gatun::cpu::GK_ISA

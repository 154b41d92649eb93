// latent_block.hpp: attention of up to 32 rows to a latent cache by a block: the softmax between latent_tile.hpp's two
// products, a split or a whole context, and the result.
//
// Rows are (token, head), token by token, of one sequence. The softmax of a row is 16 or 8 lanes'; its sum is that of a
// balanced tree over the page's slots, however many lanes there are.
#pragma once

#include "attention/attention_output.hpp"
#include "attention/attention_walk.hpp"
#include "attention/latent_tile.hpp"

namespace gatun::cuda {

template <int Type, int Tiles>
class LatentBlock {
  using Tile = LatentTile<Type, Tiles>;
  static constexpr int slots = 2 * Tiles;        // of a lane, in the softmax
  static constexpr int lanesOfRow = 16 / Tiles;  // likewise
  static constexpr int rowsOfWarp = 2 * Tiles;   // likewise

 public:
  static constexpr int rows = Tile::rows;

  __device__ __forceinline__ LatentBlock(const Attention &a, const LatentLayout &at, int stages)
      : a_(a), tile_(a.cache, at, stages), stages_(stages) {}

  // Takes rows `begin` to `end` - 1, of a sequence.
  __device__ __forceinline__ void take(int begin, int end, int sequence) {
    begin_ = begin, end_ = end, sequence_ = sequence;
    __syncthreads();  // the block is done with its shared memory
    const int r = ownRow(), dim = a_.cache.headDim;
    const float *const q = queryAt(r);
    float most = 0;
    for (int d = tile_.lane() % lanesOfRow; q != nullptr && d < dim; d += lanesOfRow) {
      most = fmaxf(most, fabsf(q[d]));
    }
#pragma unroll
    for (int mask = 1; mask < lanesOfRow; mask *= 2) {
      most = fmaxf(most, shuffleXor(most, mask));
    }
    // Times a power of two that brings the greatest to [2^14, 2^15): neither term leaves float16's range.
    uint32_t exponent = bitsAs<uint32_t>(most) >> 23;
    exponent = exponent < 15 ? 15 : exponent > 253 ? 253 : exponent;
    if (tile_.lane() % lanesOfRow == 0) {
      const float scale = a_.scale * bitsAs<float>((exponent - 14) << 23) * (Type == GK_F8 ? 256.0f : 1.0f);
      const int position = q != nullptr ? a_.positionOf((begin_ + r) / a_.heads) : -1;
      tile_.row(r) = {bitsAs<float>((268 - exponent) << 23), 0, scale, position, {0, 1}};
    }
    __syncthreads();
    tile_.loadQueries([&](int row) { return queryAt(row); });
  }

  // Sums and softmax of a split of the context; last: the rows' last position.
  __device__ __forceinline__ void attend(int split, int last) {
    state_ = {minusInfinity, 0};
    clear();
    const int begin = split * splitPages, there = last / pageTokens + 1 - begin;
    const int pages = there < splitPages ? there : splitPages;
    const auto countOf = [&](int page) {
      const int left = last + 1 - (begin + page) * pageTokens;
      return left < pageTokens ? left : pageTokens;
    };
    const auto copy = [&](int page) {
      if (page < pages) {
        tile_.copy(page, a_.cache.head(a_.pageOf(sequence_, begin + page), 0), countOf(page));
      }
    };
    __syncthreads();  // the split before is done with
    copy(0);
    for (int page = 0; page < pages; ++page) {
      copyAsyncWait<0>();
      __syncthreads();
      if (stages_ > 1) {
        copy(page + 1);
      }
      if constexpr (!isWide(Type)) {
        tile_.widen(page, countOf(page));
        __syncthreads();
        if (stages_ == 1) {
          copy(page + 1);
        }
      }
      tile_.scores(page);
      __syncthreads();
      takeSoftmax((begin + page) * pageTokens);
      __syncthreads();
      tile_.addValues(page);
      if (isWide(Type) && stages_ == 1) {
        __syncthreads();
        copy(page + 1);
      }
    }
  }

  // What a split gives, to be merged by mergeSplits.
  __device__ __forceinline__ void writePartial(int split) const {
    const int begin = split * splitTokens, latent = a_.cache.latent;
    if (tile_.row(ownRow()).position >= begin && tile_.lane() % lanesOfRow == 0) {
      a_.partialStates[int64_t{begin_ + ownRow()} * a_.splits + split] = make_float2(state_.reference, state_.total);
    }
    eachSum([&](int r, int d, float first, float second) {
      if (tile_.row(r).position >= begin) {
        *reinterpret_cast<float2 *>(a_.partialValues + (int64_t{begin_ + r} * a_.splits + split) * latent + d) =
            make_float2(first * valueUnit(Type), second * valueUnit(Type));
      }
    });
  }

  // Adds a split to those before it; sums: the block's memory, of which a thread reads what it wrote. After the last
  // split they are in registers.
  __device__ __forceinline__ void fold(int split, bool isLast, float4 *sums) {
    const int begin = split * splitTokens;
    __syncthreads();  // all have read what the last page's factors were
    if (tile_.lane() % lanesOfRow == 0) {
      LatentRow &row = tile_.row(ownRow());
      MergeFactors f = {0, 1};
      if (split == 0) {
        row.merged = state_;
      } else if (row.position >= begin) {
        f = mergeStates(row.merged, state_, PowerOfTwo());
      }
      row.factor = f.old;
      row.fresh = f.fresh;
    }
    __syncthreads();
    float4 *own = sums + int64_t{blockIdx.x} * latentSums + threadIdx.x;
#pragma unroll
    for (int m = 0; m < Tiles; ++m) {
      const LatentRow *const row[2] = {&tile_.row(16 * m + tile_.lane() / 4),
                                       &tile_.row(16 * m + tile_.lane() / 4 + 8)};
#pragma unroll
      for (int n = 0; n < 4 * latentSlabs; ++n, own += latentThreads) {
        float (&o)[4] = tile_.o[m][n / 4][n % 4];
        if (32 * (tile_.warp() + latentWarps * (n / 4)) >= a_.cache.latent) {
          continue;
        }
        float before[4] = {0, 0, 0, 0};
        if (split > 0) {
          const float4 x = *own;
          before[0] = x.x, before[1] = x.y, before[2] = x.z, before[3] = x.w;
        }
#pragma unroll
        for (int c = 0; c < 4; ++c) {
          const LatentRow &its = *row[c / 2];
          const float fresh = o[c] * valueUnit(Type);
          o[c] = split == 0              ? fresh
                 : its.position >= begin ? mergeValue(before[c], fresh, {its.factor, its.fresh})
                                         : before[c];
        }
        if (!isLast) {
          *own = make_float4(o[0], o[1], o[2], o[3]);
        }
      }
    }
  }

  // The rows' results.
  __device__ __forceinline__ void write() const {
    const int latent = a_.cache.latent, lane = tile_.lane();
    float *const room = tile_.partial(tile_.warp());
#pragma unroll
    for (int i = 0; i < latentSlabs; ++i) {
      const int slab = tile_.warp() + latentWarps * i;
      if (32 * slab >= latent) {
        continue;
      }
#pragma unroll
      for (int m = 0; m < Tiles; ++m) {
        tile_.eachPair(m, i, [&](int r, int column, float first, float second) {
          const float total = tile_.row(r).merged.total;
          *reinterpret_cast<float2 *>(room + shiftedAt(r, column)) = make_float2(first / total, second / total);
        });
      }
      __syncwarp();
      for (int r = lane / 8; r < rows; r += 4) {
        const int row = begin_ + r < end_ ? begin_ + r : end_ - 1, column = 4 * (lane % 8);
        writeFour(a_, row / a_.heads, row % a_.heads * latent + 32 * slab + column,
                  *reinterpret_cast<const float4 *>(room + shiftedAt(r, column)), begin_ + r < end_);
      }
      __syncwarp();
    }
  }

  // Zeros, of padding.
  __device__ __forceinline__ void clear() {
#pragma unroll
    for (int i = 0; i < 16 * Tiles * latentSlabs; ++i) {
      tile_.o[i / (16 * latentSlabs)][i / 16 % latentSlabs][i / 4 % 4][i % 4] = 0;
    }
  }

  static constexpr int latentSums = Tiles * latentSlabs * 4 * latentThreads;  // float4 of a block's merged sums

 private:
  __device__ __forceinline__ int ownRow() const { return rowsOfWarp * tile_.warp() + tile_.lane() / lanesOfRow; }
  __device__ __forceinline__ const float *queryAt(int r) const {
    const int row = begin_ + r;
    return row < end_ ? a_.q + row / a_.heads * a_.qStride + int64_t{row % a_.heads} * a_.cache.headDim : nullptr;
  }
  template <class Call>
  __device__ __forceinline__ void eachSum(const Call &call) const {
#pragma unroll
    for (int i = 0; i < Tiles * latentSlabs; ++i) {
      const int slab = tile_.warp() + latentWarps * (i % latentSlabs);
      if (32 * slab < a_.cache.latent) {
        tile_.eachPair(i / latentSlabs, i % latentSlabs, [&](int r, int column, float first, float second) {
          call(r, 32 * slab + column, first, second);
        });
      }
    }
  }

  // The warps' parts of the scores of a page that begins at position `start` become probabilities, and what the sums
  // before are to be multiplied by.
  __device__ __forceinline__ void takeSoftmax(int start) {
    const int r = ownRow(), slot = tile_.lane() % lanesOfRow * slots;
    LatentRow &row = tile_.row(r);
    float x[slots] = {};
#pragma unroll
    for (int w = 0; w < latentWarps; ++w) {
      const float *const part = tile_.partial(w) + shiftedAt(r, slot);
#pragma unroll
      for (int i = 0; i < slots; i += 2) {
        const float2 two = *reinterpret_cast<const float2 *>(part + i);
        x[i] += two.x, x[i + 1] += two.y;
      }
    }
    float top = minusInfinity;
#pragma unroll
    for (int i = 0; i < slots; ++i) {
      x[i] = start + slot + i <= row.position ? x[i] * row.scale : minusInfinity;
      top = fmaxf(top, x[i]);
    }
#pragma unroll
    for (int mask = 1; mask < lanesOfRow; mask *= 2) {
      top = fmaxf(top, shuffleXor(top, mask));
    }
    const float before = state_.reference, reference = fmaxf(before, top - headroom);
    const float base = reference == minusInfinity ? 0.0f : reference;  // where all is masked: no inf - inf
    const float shrink = exp2f(before - base);
#pragma unroll
    for (int i = 0; i < slots; ++i) {
      x[i] = exp2f(x[i] - base);
    }
#pragma unroll
    for (int i = 0; i < slots; i += 2) {
      uint32_t high, low;
      splitPair(x[i], x[i + 1], Type == GK_BF16, high, low);
      tile_.weights(0, r)[(slot + i) / 2] = high;
      if constexpr (Type == GK_BF16) {
        tile_.weights(1, r)[(slot + i) / 2] = low;
      }
    }
    float sum = x[0] + x[1];
    if constexpr (slots == 4) {
      sum += x[2] + x[3];
    }
#pragma unroll
    for (int mask = 1; mask < lanesOfRow; mask *= 2) {
      sum += shuffleXor(sum, mask);
    }
    state_ = {reference, state_.total * shrink + sum};
    if (tile_.lane() % lanesOfRow == 0) {
      row.factor = shrink;
    }
  }

  const Attention &a_;
  Tile tile_;
  const int stages_;
  int begin_ = 0, end_ = 0, sequence_ = 0;
  SoftmaxState state_ = {minusInfinity, 0};  // of the lane's row in the softmax, in this split
};

// Blocks take splits of a few tokens' contexts, by their true positions, until there are no more; with `sums`, their
// memory, whole contexts of many tokens.
template <int Type, int Tiles>
__global__ void __launch_bounds__(latentThreads, 1) attendLatentRows(Attention a, int stages, float4 *sums) {
  using Block = LatentBlock<Type, Tiles>;
  dependencyWait();
  dependencyTrigger();
  const LatentLayout layout(a.cache, Type, Block::rows, stages);
  Block block(a, layout, stages);
  for (auto index = static_cast<int>(blockIdx.x);; index += static_cast<int>(gridDim.x)) {
    if (sums == nullptr) {
      const int tokens = a.heads < Block::rows ? Block::rows / a.heads : 1;
      const SplitTask task = splitTask(a, index, tokens, (a.heads + Block::rows - 1) / Block::rows);
      if (task.tokens == 0) {
        return;
      }
      const int begin = task.token * a.heads + Block::rows * task.headTile, end = (task.token + task.tokens) * a.heads;
      block.take(begin, begin + Block::rows < end ? begin + Block::rows : end, task.sequence);
      block.attend(task.split, a.positionOf(task.token + task.tokens - 1));
      block.writePartial(task.split);
      continue;
    }
    const WalkTile tile = walkTile(a, index, Block::rows);
    if (tile.begin == tile.end) {
      return;
    }
    block.take(tile.begin, tile.end, tile.sequence);
    const int last = tile.last / splitTokens;
    for (int split = 0; tile.sequence >= 0 && split <= last; ++split) {
      block.attend(split, tile.last);
      block.fold(split, split == last, sums);
    }
    if (tile.sequence < 0) {
      block.clear();
    }
    block.write();
  }
}

}  // namespace gatun::cuda

// mat_mul_tiles_block.hpp: a block's tile of weight rows x tokens on int8 tensor cores, and how it is started; see
// mat_mul_tiles.cu.
#pragma once

#include "decode.hpp"
#include "dialect.hpp"
#include "gated.hpp"
#include "mat_mul_tiles.hpp"
#include "quantize.hpp"
#include "queue.hpp"

namespace gatun::cuda {

// A warp multiplies kMats tiles of 16 rows by kParts parts of 8 tokens; warps lie kDown x kAcross in the block.
template <int Down, int Across, int Parts>
struct TilesShape {
  static constexpr int kDown = Down, kAcross = Across, kParts = Parts, kMats = 2;
  static constexpr int kWarps = Down * Across, kThreads = 32 * kWarps;
  static constexpr int kTiles = kMats * Down;
  static constexpr int kTokens = 8 * Parts * Across;
  static_assert(kThreads >= 2 * kTokens);
};

template <int Dtype, int Digits, class Shape>
struct TilesShared {
  using P = Packed<Dtype>;
  static constexpr int kTokenBytes = 64 * Digits + 16;  // 16 more, so that eight tokens lie in different banks
  static constexpr int kFactors = P::runs * (P::shifted ? 2 : 1);
  static constexpr int kTerms = 1 + (P::shifted ? P::runs : 0);
  static constexpr int kStages = Digits == 1 ? 4 : 3;  // pairs of blocks of 32 columns, under way or in use
  static constexpr int kTileBytes = 128 * (P::codeWords + P::highWords);
  alignas(16) uint8_t codes[kStages][Shape::kTiles][kTileBytes];
  union {
    alignas(16) uint8_t q[kStages][Shape::kTokens][kTokenBytes];
    alignas(16) float result[Shape::kTokens][16 * Shape::kDown + 4];  // of gate | up, before it is quantised
  };
  // Of a pair's two blocks: the tokens' scales, then scale * sum of each run.
  float x[2][2][kTerms][Shape::kTokens];
  // Of a quad's eight blocks: the rows' scales of each run, then the shifts; rows g and g + 8 of a tile side by side.
  float w[2][quadBlocks][kFactors][Shape::kTiles][8][2];
};

template <int Dtype, int Digits, class Shape>
class TilesBlock {
 public:
  using P = Packed<Dtype>;
  using Shared = TilesShared<Dtype, Digits, Shape>;

  __device__ __forceinline__ TilesBlock(const TilesJob &job) : job_(job), s_(shared<Shared>()) {
    firstToken_ = static_cast<int>(blockIdx.x) % job.tokenTiles * Shape::kTokens;
    firstTile_ = static_cast<int>(blockIdx.x) / job.tokenTiles * (isGated() ? Shape::kDown : Shape::kTiles);
  }

  __device__ __forceinline__ void run() {
    const int pairs = job_.matrix.pairs;
    for (int i = 0; i < Shared::kStages - 1; i++) {
      copyCodes(i);
    }
    prepareFactors(0);
    dependencyWait();
    for (int i = 0; i < Shared::kStages - 1; i++) {
      copyDigits(i);
      copyAsyncCommit();
    }
    Header header = loadHeader(0);
    storeHeader(0, header);
    zero(acc_);
    zero(total_);
    const bool idle = firstToken_ + across() * 8 * Shape::kParts >= job_.tokens || tileOf(0) >= tiles();
    for (int pair = 0; pair < pairs; pair++) {
      copyAsyncWait<Shared::kStages - 2>();
      __syncthreads();
      copyCodes(pair + Shared::kStages - 1);
      copyDigits(pair + Shared::kStages - 1);
      copyAsyncCommit();
      const int after = pair + 1 < pairs ? pair + 1 : pair;
      if (!idle) {
        multiplyPair<0>(pair);
      }
      header = loadHeader(after);  // here, where fewer registers are in use
      if (!idle) {
        if (2 * pair + 1 < job_.matrix.blocks) {
          multiplyPair<1>(pair);
        }
        if (pair % chunkPairs == chunkPairs - 1 || pair == pairs - 1) {
          endChunk(pair < chunkPairs);
        }
      }
      storeHeader(after, header);
      if (after % 4 == 0) {
        prepareFactors(after / 4);
      }
    }
    copyAsyncWait<0>();
    dependencyTrigger();
    finish();
  }

 private:
  static constexpr bool kWide = Digits == 2;
  static constexpr uint32_t kBlockWords = (kWide ? cpu::kA16BlockBytes : cpu::kA8BlockBytes) / 4;
  static constexpr int kHeaderWords = Digits + 1;
  static constexpr int chunkPairs = chunkBlocks / 2;
  using Sums = float[Shape::kMats][Shape::kParts][4];
  struct Header {  // what stands before a block's digits
    uint32_t word[Digits + 1];
  };

  static __device__ __forceinline__ int least(int a, int b) { return a < b ? a : b; }

  static __device__ __forceinline__ void zero(Sums &sums) {
#pragma unroll
    for (int m = 0; m < Shape::kMats; m++) {
#pragma unroll
      for (int n = 0; n < Shape::kParts; n++) {
#pragma unroll
        for (int i = 0; i < 4; i++) {
          sums[m][n][i] = 0;
        }
      }
    }
  }

  __device__ __forceinline__ int lane() const { return static_cast<int>(threadIdx.x) % 32; }
  __device__ __forceinline__ int warp() const { return static_cast<int>(threadIdx.x) / 32; }
  __device__ __forceinline__ bool isGated() const { return job_.up != nullptr; }
  __device__ __forceinline__ int tiles() const {
    return static_cast<int>((job_.matrix.rows + tileRows - 1) / tileRows);
  }
  __device__ __forceinline__ int down() const { return warp() / Shape::kAcross; }
  __device__ __forceinline__ int across() const { return warp() % Shape::kAcross; }
  // The matrix's tile that is the warp's m-th.
  __device__ __forceinline__ int tileOf(int m) const {
    return firstTile_ + (isGated() ? down() : down() * Shape::kMats + m);
  }
  // Tile `index` of the block's; past the last of the matrix, that.
  __device__ __forceinline__ const uint8_t *tileData(int index) const {
    const int tile = firstTile_ + (isGated() ? index / Shape::kMats : index);
    const uint8_t *matrix = isGated() && index % Shape::kMats == 1 ? job_.up : job_.matrix.data;
    return matrix + static_cast<int64_t>(tile < tiles() ? tile : tiles() - 1) * job_.matrix.planes.size;
  }

  // Asks for the codes of a pair of the block's tiles; past the last pair, for those of the last, which are not used.
  __device__ __forceinline__ void copyCodes(int pair) {
    constexpr int codes = 8 * P::codeWords, high = 8 * P::highWords;  // pieces of 16 bytes
    const int known = least(pair, job_.matrix.pairs - 1);
#pragma unroll
    for (int i = 0; i < Shape::kTiles / Shape::kWarps; i++) {
      const int tile = warp() + i * Shape::kWarps;
      const uint8_t *from = tileData(tile);
      uint8_t *to = s_.codes[pair % Shared::kStages][tile];
      const uint8_t *code = from + int64_t{known} * (16 * codes) + 16 * lane();
#pragma unroll
      for (int j = 0; j < codes; j += 32) {
        if (codes % 32 == 0 || lane() < codes) {
          copyAsync16(to + 16 * (j + lane()), code + 16 * j);
        }
      }
      if (lane() < high) {
        copyAsync16(to + 16 * (codes + lane()),
                    from + job_.matrix.planes.high + int64_t{known} * (16 * high) + 16 * lane());
      }
    }
  }

  // The lane's codes of the warp's m-th tile: what loadCodes reads from the matrix.
  __device__ __forceinline__ Codes<Dtype> codesAt(int pair, int m) const {
    const uint8_t *from = s_.codes[pair % Shared::kStages][down() * Shape::kMats + m];
    Codes<Dtype> c = {};
    if constexpr (P::codeWords == 2) {
      const uint2 w = reinterpret_cast<const uint2 *>(from)[lane()];
      c.code[0] = w.x, c.code[1] = w.y;
    } else {
#pragma unroll
      for (int i = 0; i < P::codeWords / 4; i++) {
        const uint4 w = reinterpret_cast<const uint4 *>(from)[32 * i + lane()];
        c.code[4 * i] = w.x, c.code[4 * i + 1] = w.y, c.code[4 * i + 2] = w.z, c.code[4 * i + 3] = w.w;
      }
    }
    if constexpr (P::highWords == 2) {
      const uint2 w = reinterpret_cast<const uint2 *>(from + 128 * P::codeWords)[lane()];
      c.high[0] = w.x, c.high[1] = w.y;
    } else if constexpr (P::highWords == 1) {
      c.high[0] = reinterpret_cast<const uint32_t *>(from + 128 * P::codeWords)[lane()];
    }
    return c;
  }

  // The scales of a quad, each warp for its share of the block's tiles.
  __device__ __forceinline__ void prepareFactors(int quad) {
#pragma unroll
    for (int i = 0; i < Shape::kTiles / Shape::kWarps; i++) {
      const int tile = warp() + i * Shape::kWarps;
      const Factors<Dtype> own =
          factorsOf<Dtype>(loadFactors<Dtype>(tileData(tile), job_.matrix, quad, lane()), lane());
#pragma unroll
      for (int block = 0; block < 2; block++) {
        auto &to = s_.w[quad % 2][lane() % 4 * 2 + block];
#pragma unroll
        for (int row = 0; row < 2; row++) {
#pragma unroll
          for (int run = 0; run < P::runs; run++) {
            to[run][tile][lane() / 4][row] = own.scale[block][row][run];
            if constexpr (P::shifted) {
              to[P::runs + run][tile][lane() / 4][row] = own.shift[block][row][run];
            }
          }
        }
      }
    }
  }

  // Where a token's block begins in x. Past the last of either: that one; what becomes of it is not used.
  __device__ __forceinline__ uint32_t wordOf(int token, int block) const {
    return static_cast<uint32_t>(least(firstToken_ + token, job_.tokens - 1) * job_.matrix.blocks +
                                 least(block, job_.matrix.blocks - 1)) *
           kBlockWords;
  }

  // Of one token and one of the pair's blocks, by the thread's number.
  __device__ __forceinline__ Header loadHeader(int pair) const {
    const int thread = static_cast<int>(threadIdx.x);
    Header header = {};
    if (thread < 2 * Shape::kTokens) {
      const uint32_t *from = job_.x + wordOf(thread / 2, 2 * pair + thread % 2);
#pragma unroll
      for (int i = 0; i <= Digits; i++) {
        header.word[i] = from[i];
      }
    }
    return header;
  }
  __device__ __forceinline__ void storeHeader(int pair, const Header &header) {
    const int thread = static_cast<int>(threadIdx.x), token = thread / 2;
    if (thread >= 2 * Shape::kTokens) {
      return;
    }
    auto &to = s_.x[pair % 2][thread % 2];
    int32_t sum[2];
    if constexpr (kWide) {
      sum[0] = static_cast<int32_t>(header.word[1]), sum[1] = static_cast<int32_t>(header.word[2]);
    } else {
      sum[0] = static_cast<int16_t>(header.word[1] & 0xffff), sum[1] = static_cast<int32_t>(header.word[1]) >> 16;
    }
    const Activation<Dtype> a = activationOf<Dtype, kWide>(bitsAs<float>(header.word[0]), sum[0], sum[1]);
    to[0][token] = a.scale;
    if constexpr (P::shifted) {
#pragma unroll
      for (int run = 0; run < P::runs; run++) {
        to[1 + run][token] = a.sum[run];
      }
    }
  }

  // Asks for the digits of a pair of all the block's tokens: each thread for one place in a token's row.
  __device__ __forceinline__ void copyDigits(int pair) {
    constexpr int unit = kWide ? 4 : 8, units = 64 * Digits / unit, step = Shape::kThreads / units;
    const int thread = static_cast<int>(threadIdx.x), at = thread % units, first = thread / units;
    const uint32_t *from = job_.x + kHeaderWords + at % (units / 2) * (unit / 4);
    uint8_t *to = &s_.q[pair % Shared::kStages][first][at * unit];
#pragma unroll
    for (int i = 0; i < Shape::kTokens; i += step) {
      const uint32_t *source = from + wordOf(first + i, 2 * pair + at / (units / 2));
      if constexpr (kWide) {
        copyAsync4(to + i * Shared::kTokenBytes, source);
      } else {
        copyAsync8(to + i * Shared::kTokenBytes, source);
      }
    }
  }

  // Codes, all below 128, less the type's offset.
  static __device__ __forceinline__ void lower(uint32_t (&a)[4]) {
    if constexpr (codeOffset<Dtype> != 0) {
#pragma unroll
      for (int j = 0; j < 4; j++) {
        a[j] = ((a[j] | 0x80808080u) - 0x01010101u * codeOffset<Dtype>)^0x80808080u;
      }
    }
  }

  __device__ __forceinline__ BlockFactors<Dtype> factorsAt(int pair, int block, int m) const {
    const auto &w = s_.w[pair / 4 % 2][pair % 4 * 2 + block];
    const int tile = down() * Shape::kMats + m;
    BlockFactors<Dtype> f = {};
#pragma unroll
    for (int run = 0; run < P::runs; run++) {
      const float2 scale = *reinterpret_cast<const float2 *>(w[run][tile][lane() / 4]);
      f.scale[0][run] = scale.x, f.scale[1][run] = scale.y;
      if constexpr (P::shifted) {
        const float2 shift = *reinterpret_cast<const float2 *>(w[P::runs + run][tile][lane() / 4]);
        f.shift[0][run] = shift.x, f.shift[1][run] = shift.y;
      }
    }
    return f;
  }

  // acc += the products of a block's 16 rows and 8 tokens. scale, sum: of the lane's two tokens.
  static __device__ __forceinline__ void multiplyPart(const uint32_t (&a)[4], const uint32_t (&b)[Digits][2],
                                                      const BlockFactors<Dtype> &f, const float (&scale)[2],
                                                      const float (&sum)[2][P::runs], float (&acc)[4]) {
    constexpr int32_t start = kWide ? 0 : magicBits;
    int32_t d[Digits][P::runs][4];
#pragma unroll
    for (int digit = 0; digit < Digits; digit++) {
      if constexpr (P::runs == 1) {
        mmaInt8From(start, d[digit][0], a, b[digit]);
      } else {
        mmaInt8HalfFrom(start, d[digit][0], a[0], a[1], b[digit][0]);
        mmaInt8HalfFrom(start, d[digit][1], a[2], a[3], b[digit][1]);
      }
    }
#pragma unroll
    for (int i = 0; i < 4; i++) {
      int32_t dot[P::runs];
#pragma unroll
      for (int run = 0; run < P::runs; run++) {
        dot[run] = kWide ? joined(d[0][run][i], d[Digits - 1][run][i]) : d[0][run][i];
      }
      acc[i] =
          addPart<Dtype>(acc[i], partOf<Dtype, kWide>(dot, f.scale[i / 2]), f.shift[i / 2], scale[i % 2], sum[i % 2]);
    }
  }

  template <int Block>
  __device__ __forceinline__ void multiplyPair(int pair) {
    uint32_t a[Shape::kMats][4];
    BlockFactors<Dtype> f[Shape::kMats];
#pragma unroll
    for (int m = 0; m < Shape::kMats; m++) {
      fragment<Dtype, Block>(codesAt(pair, m), a[m]);
      lower(a[m]);
      f[m] = factorsAt(pair, Block, m);
    }
    const int token = across() * 8 * Shape::kParts;
    const auto &x = s_.x[pair % 2][Block];
    // Rows of matrices 0 and 1 are 8 tokens' first and last 16 digits, of 2 and 3 those of the next 8 tokens.
    const uint8_t *q =
        s_.q[pair % Shared::kStages][token + lane() % 8 + lane() / 16 * 8] + Block * 32 * Digits + lane() / 8 % 2 * 16;
#pragma unroll
    for (int n = 0; n < Shape::kParts; n += 2) {
      uint32_t words[Digits][4];
#pragma unroll
      for (int digit = 0; digit < Digits; digit++) {
        loadMatrices(words[digit], q + n * 8 * Shared::kTokenBytes + digit * 32);
      }
#pragma unroll
      for (int i = 0; i < 2; i++) {
        const int at = token + (n + i) * 8 + lane() % 4 * 2;
        uint32_t b[Digits][2];
#pragma unroll
        for (int digit = 0; digit < Digits; digit++) {
          b[digit][0] = words[digit][2 * i], b[digit][1] = words[digit][2 * i + 1];
        }
        const float2 scales = *reinterpret_cast<const float2 *>(&x[0][at]);
        const float scale[2] = {scales.x, scales.y};
        float sum[2][P::runs] = {};
        if constexpr (P::shifted) {
#pragma unroll
          for (int run = 0; run < P::runs; run++) {
            const float2 sums = *reinterpret_cast<const float2 *>(&x[1 + run][at]);
            sum[0][run] = sums.x, sum[1][run] = sums.y;
          }
        }
#pragma unroll
        for (int m = 0; m < Shape::kMats; m++) {
          multiplyPart(a[m], b, f[m], scale, sum, acc_[m][n + i]);
        }
      }
    }
  }

  __device__ __forceinline__ void endChunk(bool first) {
#pragma unroll
    for (int m = 0; m < Shape::kMats; m++) {
#pragma unroll
      for (int n = 0; n < Shape::kParts; n++) {
#pragma unroll
        for (int i = 0; i < 4; i++) {
          total_[m][n][i] = first ? acc_[m][n][i] : total_[m][n][i] + acc_[m][n][i];
          acc_[m][n][i] = 0;
        }
      }
    }
  }

  // to(row of the tile, token of the block, part, which of its four) for all the lane's results of a tile.
  template <class To>
  __device__ __forceinline__ void eachResult(To to) const {
#pragma unroll
    for (int n = 0; n < Shape::kParts; n++) {
#pragma unroll
      for (int i = 0; i < 4; i++) {
        to(lane() / 4 + i / 2 * 8, (across() * Shape::kParts + n) * 8 + lane() % 4 * 2 + i % 2, n, i);
      }
    }
  }

  __device__ __forceinline__ void store(int64_t row, int token, float value) const {
    if (row < job_.matrix.rows && firstToken_ + token < job_.tokens) {
      static_cast<float *>(job_.y)[(firstToken_ + token) * job_.yStride + row] = value;
    }
  }

  __device__ __forceinline__ void finish() {
    if (!isGated()) {
#pragma unroll
      for (int m = 0; m < Shape::kMats; m++) {
        const int64_t first = int64_t{tileRows} * tileOf(m);
        eachResult([&](int row, int token, int n, int i) { store(first + row, token, total_[m][n][i]); });
      }
      return;
    }
    const int64_t first = int64_t{tileRows} * tileOf(0);
    if (job_.yDtype == GK_F32) {
      eachResult([&](int row, int token, int n, int i) {
        store(first + row, token, gated(total_[0][n][i], total_[1][n][i]));
      });
      return;
    }
    __syncthreads();
    eachResult([&](int row, int token, int n, int i) {
      s_.result[token][tileRows * down() + row] = gated(total_[0][n][i], total_[1][n][i]);
    });
    __syncthreads();
    job_.yDtype == GK_A8 ? quantizeResult<GK_A8>() : quantizeResult<GK_A16>();
  }

  template <int32_t To>
  __device__ __forceinline__ void quantizeResult() const {
    constexpr int blocks = Shape::kDown / 2;  // of a token
    const int64_t rowBlocks = job_.matrix.rows / GK_ACTIVATION_BLOCK;
    for (int i = static_cast<int>(threadIdx.x) / 8; i < blocks * Shape::kTokens; i += Shape::kThreads / 8) {
      const int token = i / blocks, place = static_cast<int>(threadIdx.x) % 8;
      const int64_t block = firstTile_ / 2 + i % blocks;
      uint8_t *to = nullptr;
      if (firstToken_ + token < job_.tokens && block < rowBlocks) {
        to = static_cast<uint8_t *>(job_.y) + ((firstToken_ + token) * rowBlocks + block) * activationBlockBytes<To>;
      }
      quantizeBlocks<To>(*reinterpret_cast<const float4 *>(&s_.result[token][32 * (i % blocks) + 4 * place]), to);
    }
  }

  const TilesJob &job_;
  Shared &s_;
  Sums acc_, total_;
  int firstToken_, firstTile_;
};

template <int Dtype, int Digits, class Shape>
__global__ void __launch_bounds__(Shape::kThreads, 1) matMulTilesKernel(const TilesJob job) {
  TilesBlock<Dtype, Digits, Shape>(job).run();
}

template <int Dtype, int Digits, class Shape>
void launchShape(const Queue &queue, TilesJob job) {
  using Shared = TilesShared<Dtype, Digits, Shape>;
  static_assert(sizeof(Shared) <= 99 * 1024);
  const int64_t tiles = ceilDiv(job.matrix.rows, tileRows), down = job.up != nullptr ? Shape::kDown : Shape::kTiles;
  job.tokenTiles = static_cast<int32_t>(ceilDiv(job.tokens, Shape::kTokens));
  const int64_t blocks = ceilDiv(tiles, down) * job.tokenTiles;
  launch(queue, {dim3(static_cast<uint32_t>(blocks)), dim3(Shape::kThreads), sizeof(Shared)},
         matMulTilesKernel<Dtype, Digits, Shape>, job);
}

// Large tiles where there are enough of them for the device, since they read the least; else small ones.
template <int Dtype, int Digits>
void launchTiles(const Queue &queue, const TilesJob &job) {
  // Two sums a block, or two digits, leave registers for half the tokens.
  using Large = TilesShape<4, 2, Packed<Dtype>::runs == 1 && Digits == 1 ? 8 : 4>;
  using Small = TilesShape<2, 1, 4>;
  const int64_t rows = tileRows * (job.up != nullptr ? Large::kDown : Large::kTiles);
  const int64_t blocks = ceilDiv(job.matrix.rows, rows) * ceilDiv(job.tokens, Large::kTokens);
  if (job.tokens > 2 * Small::kTokens && blocks >= queue.multiprocessors) {
    launchShape<Dtype, Digits, Large>(queue, job);
  } else {
    launchShape<Dtype, Digits, Small>(queue, job);
  }
}

template <int Dtype>
void multiplyTiles(const Queue &queue, const TilesJob &job, bool wide) {
  wide ? launchTiles<Dtype, 2>(queue, job) : launchTiles<Dtype, 1>(queue, job);
}

}  // namespace gatun::cuda

// mat_mul_tiles_stage.hpp: brings what a block of mat_mul_tiles_block.hpp multiplies into shared memory, and reads it.
#pragma once

#include "products/mat_mul_tiles.hpp"
#include "products/products.hpp"

namespace gatun::cuda {

// A warp multiplies kRowTiles tiles of 16 rows by kTokenTiles of 8 tokens; warps lie kDown x kAcross in the block.
template <int Down, int Across, int TokenTiles>
struct TilesShape {
  static constexpr int kDown = Down, kAcross = Across, kTokenTiles = TokenTiles, kRowTiles = 2;
  static constexpr int kWarps = Down * Across, kThreads = 32 * kWarps;
  static constexpr int kTiles = kRowTiles * Down;
  static constexpr int kTokens = 8 * TokenTiles * Across;
  static_assert(kThreads >= 2 * kTokens);
};

template <int Dtype, int Digits, class Shape>
struct TilesShared {
  using P = Packed<Dtype>;
  static constexpr int kTokenBytes = 64 * Digits + 16;  // 16 more, so that eight tokens lie in different banks
  static constexpr int kFactors = P::runs * (P::shifted ? 2 : 1);
  static constexpr int kStages = Digits == 1 ? 4 : 3;  // pairs of blocks of 32 columns, under way or in use
  static constexpr int kTileBytes = 128 * (P::codeWords + P::highWords);
  // What a block multiplies: here, for registers are full.
  RowGroup group;
  const uint8_t *data[2];       // matrix and up
  int64_t row[Shape::kTokens];  // where a token's activations begin, in bytes from x
  alignas(16) uint8_t codes[kStages][Shape::kTiles][kTileBytes];
  union {
    alignas(16) uint8_t q[kStages][Shape::kTokens][kTokenBytes];
    alignas(16) float result[Shape::kTokens][16 * Shape::kDown + 4];  // of gate | up, before it is quantised
  };
  Terms<Dtype, true> x[2][2][Shape::kTokens / 2];  // of a pair's two blocks
  // Of a quad's eight blocks: the rows' scales of each run, then the shifts, or zeros as integers; rows g and g + 8 of
  // a tile side by side.
  float w[2][quadBlocks][kFactors][Shape::kTiles][8][2];
};

template <int Dtype, int Digits, class Shape>
class TilesStage {
 public:
  using P = Packed<Dtype>;
  using Shared = TilesShared<Dtype, Digits, Shape>;
  static constexpr bool kWide = Digits == 2;
  struct Header {  // what stands before a block's digits
    uint32_t word[headWords<kWide>];
  };

  __device__ __forceinline__ TilesStage(const TilesJob &job, Shared &s)
      : job_(job),
        s_(s),
        firstTile_(static_cast<int>(blockIdx.x) / job.groups.slots * (isGated() ? Shape::kDown : Shape::kTiles)) {}

  // Finds the block's rows and their matrix: false where there are none.
  __device__ __forceinline__ bool begin() {
    if (job_.groups.table != nullptr) {
      dependencyWait();
    }
    const RowGroup group = job_.groups.at(static_cast<int>(blockIdx.x) % job_.groups.slots, Shape::kTokens);
    if (group.rows <= 0) {
      return false;
    }
    if (threadIdx.x == 0) {
      s_.group = group;
      s_.data[0] = job_.matrix.data + group.matrix * job_.expertStride[0];
      s_.data[1] = job_.up + group.matrix * job_.expertStride[1];
    }
    const int64_t head = job_.groups.headOf(group) * job_.groups.headX;
    for (int i = static_cast<int>(threadIdx.x); i < Shape::kTokens; i += Shape::kThreads) {
      s_.row[i] = head + job_.groups.inputOf(job_.groups.rowOf(group, i)) * job_.xRowBytes;
    }
    __syncthreads();
    return true;
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
    return firstTile_ + (isGated() ? down() : down() * Shape::kRowTiles + m);
  }
  // Tile `index` of the block's; past the last of the matrix, that.
  __device__ __forceinline__ const uint8_t *tileData(int index) const {
    const int tile = firstTile_ + (isGated() ? index / Shape::kRowTiles : index);
    const uint8_t *matrix = s_.data[isGated() && index % Shape::kRowTiles == 1 ? 1 : 0];
    return matrix + static_cast<int64_t>(tile < tiles() ? tile : tiles() - 1) * job_.matrix.planes.size;
  }

  // Tokens of the block, and where the result of one is: a row of y.
  __device__ __forceinline__ int tokens() const { return s_.group.rows; }
  __device__ __forceinline__ int64_t rowOf(int token) const { return job_.groups.rowOf(s_.group, token); }
  __device__ __forceinline__ int64_t resultAt() const { return job_.groups.headOf(s_.group) * job_.groups.headY; }
  __device__ __forceinline__ int firstTile() const { return firstTile_; }

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
    const uint8_t *from = s_.codes[pair % Shared::kStages][down() * Shape::kRowTiles + m];
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
      const RawFactors<Dtype> raw = loadFactors<Dtype>(tileData(tile), job_.matrix, quad, lane());
      const Factors<Dtype> own = factorsOf<Dtype>(raw, lane());
#pragma unroll
      for (int block = 0; block < 2; block++) {
        auto &to = s_.w[quad % 2][lane() % 4 * 2 + block];
#pragma unroll
        for (int row = 0; row < 2; row++) {
#pragma unroll
          for (int run = 0; run < P::runs; run++) {
            to[run][tile][lane() / 4][row] = own.scale[block][row][run];
            if constexpr (P::shifted) {
              const float zero = bitsAs<float>(own.zero[block][row]);
              to[P::runs + run][tile][lane() / 4][row] = P::zeroed ? zero : own.shift[block][row][run];
            }
          }
        }
      }
    }
  }

  // Where byte `at` of a token's block is in x. Past the last of either: of that one; what becomes of it is not used.
  __device__ __forceinline__ const uint8_t *byteOf(int token, int block, int at) const {
    const auto known = static_cast<uint32_t>(least(block, job_.matrix.blocks - 1));
    return job_.x + s_.row[token] + (known * uint32_t{activationBytes<kWide>} + static_cast<uint32_t>(at));
  }

  // Of one token and one of the pair's blocks, by the thread's number.
  __device__ __forceinline__ Header loadHeader(int pair) const {
    const int thread = static_cast<int>(threadIdx.x);
    Header header = {};
    if (thread < 2 * Shape::kTokens) {
      const auto *from = reinterpret_cast<const uint32_t *>(byteOf(thread / 2, 2 * pair + thread % 2, 0));
#pragma unroll
      for (int i = 0; i < headWords<kWide>; i++) {
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
    s_.x[pair % 2][thread % 2][token / 2].set(token % 2, activationAt<Dtype, kWide>(header.word));
  }

  // Asks for the digits of a pair of all the block's tokens: each thread at one offset in a token's row.
  __device__ __forceinline__ void copyDigits(int pair) {
    constexpr int copyBytes = kWide ? 4 : 8, copies = 64 * Digits / copyBytes, step = Shape::kThreads / copies;
    const int thread = static_cast<int>(threadIdx.x), at = thread % copies, first = thread / copies;
    const int block = 2 * pair + at / (copies / 2), offset = 4 * headWords<kWide> + at % (copies / 2) * copyBytes;
    uint8_t *to = &s_.q[pair % Shared::kStages][first][at * copyBytes];
#pragma unroll
    for (int i = 0; i < Shape::kTokens; i += step) {
      const uint8_t *source = byteOf(first + i, block, offset);
      if constexpr (kWide) {
        copyAsync4(to + i * Shared::kTokenBytes, source);
      } else {
        copyAsync8(to + i * Shared::kTokenBytes, source);
      }
    }
  }

  __device__ __forceinline__ BlockFactors<Dtype> factorsAt(int pair, int block, int m) const {
    const auto &w = s_.w[pair / 4 % 2][pair % 4 * 2 + block];
    const int tile = down() * Shape::kRowTiles + m;
    BlockFactors<Dtype> f = {};
#pragma unroll
    for (int run = 0; run < P::runs; run++) {
      const float2 scale = *reinterpret_cast<const float2 *>(w[run][tile][lane() / 4]);
      f.scale[0][run] = scale.x, f.scale[1][run] = scale.y;
      if constexpr (P::shifted) {
        const float2 shift = *reinterpret_cast<const float2 *>(w[P::runs + run][tile][lane() / 4]);
        f.shift[0][run] = shift.x, f.shift[1][run] = shift.y;
        f.zero[0] = bitsAs<int32_t>(shift.x), f.zero[1] = bitsAs<int32_t>(shift.y);
      }
    }
    return f;
  }

 private:
  static __device__ __forceinline__ int least(int a, int b) { return a < b ? a : b; }

  const TilesJob &job_;
  Shared &s_;
  int firstTile_;
};

}  // namespace gatun::cuda

// pack_test.cpp: dequantisation against the reference's own results, and packed rows against dequantised ones.
#include <cmath>
#include <fstream>
#include <iterator>

#include "../blocks.hpp"
#include "weights.hpp"

using namespace gatun;
using namespace gatun::test;

namespace {

bool sameBits(const float *a, const float *b, int64_t n) { return std::memcmp(a, b, size_t(n) * 4) == 0; }

// quant_blocks.bin: see scripts/make-quant-fixture.py.
void testReference(cpu::Pool &pool) {
  std::ifstream file(GATUN_QUANT_BLOCKS, std::ios::binary);
  const std::vector<char> all{std::istreambuf_iterator<char>(file), {}};
  int types = 0;
  for (size_t at = 0; at + 16 <= all.size(); types++) {
    int32_t head[4];
    std::memcpy(head, &all[at], 16);
    const int64_t count = int64_t{head[1]} * head[3], bytes = int64_t{head[1]} * head[2];
    CHECK(cpu::formatOf(head[0]).blockColumns == head[3] && cpu::formatOf(head[0]).blockBytes == head[2], "type %d",
          head[0]);
    std::vector<uint8_t> blocks(all.begin() + long(at) + 16, all.begin() + long(at) + 16 + bytes);
    std::vector<float> expected(static_cast<size_t>(count)), actual(static_cast<size_t>(count));
    std::memcpy(expected.data(), &all[at + 16 + size_t(bytes)], size_t(count) * 4);
    cpu::dequantize(pool, head[0], blocks.data(), count, actual.data());
    for (int64_t i = 0; i < count; i++) {
      CHECK(sameBits(&expected[size_t(i)], &actual[size_t(i)], 1), "type %d weight %ld: %a, expected %a", head[0],
            long(i), double(actual[size_t(i)]), double(expected[size_t(i)]));
    }
    at += size_t(16 + bytes + count * 4);
  }
  CHECK(types == 14, "%d types", types);
}

void testUnpack(cpu::Pool &pool) {
  for (const TypeName &type : kTypes) {
    for (const int64_t rows : {1, 15, 16, 17, 33, 130}) {
      const bool grouped = type.dtype == GK_AWQ || type.dtype == GK_GPTQ;
      const int64_t used = grouped ? (rows + 7) / 8 * 8 : rows;
      for (const bool actOrder : {false, true}) {
        if (actOrder && type.dtype != GK_GPTQ) continue;
        const Weights w(pool, type.dtype, used, cpu::formatOf(type.dtype).bits == 0 ? 137 : 512, 2, 7 + uint64_t(rows),
                        rows % 2 == 0 ? 64 : 32, actOrder);
        const int64_t cols = w.packed.cols, stride = cols + 1;
        std::vector<float> all(size_t(used * stride));
        for (const Isa &isa : isas()) {
          for (int64_t r = 0; r < 2 * used; r++) {
            // From row r on, as many as there are: all of a matrix at first, a single row at its end.
            const int64_t first = r % used, count = used - first;
            isa.unpack(pool, w.packed, r / used, first, {all.data(), count, cols, stride, GK_F32, 0});
            for (int64_t i = 0; i < count; i++) {
              const float *row = &all[size_t(i * stride)], *exact = &w.exact[size_t((r + i) * cols)];
              bool same = true;
              // A group's zero times a negative scale is 0 here and -0 by the formula.
              for (int64_t c = 0; c < cols; c++) same &= row[c] == exact[c];
              CHECK(grouped ? same : sameBits(row, exact, cols), "%s %s rows %ld row %ld from %ld", isa.name, type.name,
                    long(used), long(first + i), long(r));
            }
          }
        }
      }
    }
  }
}

// All codes of F8, each in a square of its own; those that are no numbers show in their tile and square alone.
void testSquares(cpu::Pool &pool) {
  constexpr int64_t rows = 40, cols = 256 * GK_SQUARE;
  std::vector<uint8_t> codes(rows * cols, 0x38);
  std::vector<float> scales(256), all(rows * cols);
  for (size_t s = 0; s < 256; s++) scales[s] = 1.0f + float(s) / 3, codes[20 * cols + s * GK_SQUARE + 5] = uint8_t(s);
  const gk_source source = {codes.data(), nullptr, scales.data(), nullptr, rows, cols, GK_F8, GK_SQUARE, 0, 0};
  const int64_t bytes = cpu::packedBytes(source);
  const auto packed = alignedBytes(bytes);
  cpu::pack(pool, source, packed.get());
  for (const Isa &isa : isas()) {
    isa.unpack(pool, {packed.get(), rows, cols, 1, bytes, GK_F8, GK_SQUARE}, 0, 0,
               {all.data(), rows, cols, cols, GK_F32, 0});
    for (int64_t i = 0; i < rows * cols; i++) {
      const int64_t row = i / cols, square = i % cols / GK_SQUARE;
      if ((square & 0x7f) == 0x7f && row >= 16 && row < 32) {
        CHECK(std::isnan(all[size_t(i)]), "%s row %ld, code %02lx: %g", isa.name, long(row), long(square),
              double(all[size_t(i)]));
      } else {
        const float expected = f8ToF32(codes[size_t(i)]) * scales[size_t(square)];
        CHECK(sameBits(&all[size_t(i)], &expected, 1), "%s row %ld, code %02x: %g, expected %g", isa.name, long(row),
              codes[size_t(i)], double(all[size_t(i)]), double(expected));
      }
    }
  }
}

// Tiles packed one by one, squares where there are some, are the matrix packed at once.
void testTiles(cpu::Pool &pool) {
  for (const TypeName &type : kTypes) {
    if (type.dtype == GK_AWQ || type.dtype == GK_GPTQ) continue;
    const cpu::Format format = cpu::formatOf(type.dtype);
    const int64_t step = type.dtype == GK_F8 ? GK_SQUARE : GK_TILE_ROWS;
    for (const int64_t rows : {1, 16, 33, 48, 300}) {
      const int64_t cols = format.bits == 0 ? 137 : 512;
      const Weights w(pool, type.dtype, rows, cols, 1, 11 + uint64_t(rows));
      const int64_t rowBytes = cols / format.blockColumns * format.blockBytes;
      gk_source part = w.source;
      part.rows = GK_TILE_ROWS;
      const int64_t tile = cpu::packedBytes(part), bytes = w.packed.expert_stride;
      CHECK(tile * cpu::tileCount(rows) == bytes, "%s: tiles of %ld, a matrix of %ld", type.name, long(tile),
            long(bytes));
      const auto packed = alignedBytes(bytes);
      for (int64_t first = 0; first < rows; first += step) {
        part.rows = rows - first < step ? rows - first : step;
        part.data = static_cast<const uint8_t *>(w.source.data) + first * rowBytes;
        if (type.dtype == GK_F8)
          part.scales =
              static_cast<const float *>(w.source.scales) + first / GK_SQUARE * ((cols + GK_SQUARE - 1) / GK_SQUARE);
        cpu::pack(pool, part, packed.get() + first / GK_TILE_ROWS * tile);
      }
      CHECK(std::memcmp(packed.get(), w.packed.data, size_t(bytes)) == 0, "%s of %ld rows", type.name, long(rows));
    }
  }
}

void testEmbed(cpu::Pool &pool) {
  const Weights w(pool, GK_Q4_K, 19, 512, 1, 3);
  std::vector<float> y;
  const gk_tensor out = tensor(y, 6, 512);
  int32_t ids[6] = {18, 0, 7, 7, 1, 12};
  cpu::embed(pool, w.source, {ids, 1, 6, 6, GK_I32, 0}, nullptr, out);
  for (int i = 0; i < 6; i++) CHECK(sameBits(&y[size_t(i) * 512], &w.exact[size_t(ids[i]) * 512], 512), "token %d", i);
  int32_t order[512];
  for (int j = 0; j < 512; j++) order[j] = (j * 37 + 5) % 512;
  std::vector<float> z;
  const gk_tensor gathered = tensor(z, 6, 512);
  cpu::gatherCols(pool, out, {order, 1, 512, 512, GK_I32, 0}, gathered);
  for (int i = 0; i < 6 * 512; i++) CHECK(z[size_t(i)] == y[size_t(i / 512 * 512 + order[i % 512])], "element %d", i);
}

}  // namespace

int main() {
  cpu::Pool pool(2);
  testReference(pool);
  testUnpack(pool);
  testSquares(pool);
  testTiles(pool);
  testEmbed(pool);
  return finish();
}

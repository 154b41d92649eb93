// pack_test.cpp: weights packed for CUDA: of the size promised, and rows come back bit for bit as on the CPU, as floats
// and as bfloat16, whole and from any row on.
#include "../../kernels-cpu/test/weights.hpp"
#include "both.hpp"

using namespace gatun::test;

namespace {

struct Shape {
  int64_t rows, cols;
  int32_t group = 0;
  bool actOrder = false;
};

// Of the checkpoint's own bytes, in rows of 16, columns of 64.
int64_t checkpointBytes(const gk_source &source) {
  const int64_t rows = (source.rows + 15) / 16 * 16, cols = (source.cols + 63) / 64 * 64;
  if (source.group > 0 && source.dtype != GK_F8) {
    return rows * cols / 2 + source.cols / source.group * rows * 3;  // a zero takes a byte
  }
  const gatun::cpu::Format format = gatun::cpu::formatOf(source.dtype);
  const int64_t scales = source.dtype == GK_F8 ? (source.cols + GK_SQUARE - 1) / GK_SQUARE * rows / 16 * 4 : 0;
  return rows * cols / format.blockColumns * format.blockBytes + scales;  // of F8 a tile has its own scales
}

// Tile by tile where rows lie one after the other, of F8 square by square, else at once.
void packTiles(const Both &both, gk_source source, int64_t packedBytes, uint8_t *packed) {
  const gatun::cpu::Format format = gatun::cpu::formatOf(source.dtype);
  if (source.dtype == GK_AWQ || source.dtype == GK_GPTQ) {
    OK(gk_pack(both.cuda(), &source, packed));
    return;
  }
  const int64_t rows = source.rows, tiles = gatun::cpu::tileCount(rows);
  const int64_t step = source.dtype == GK_F8 ? GK_SQUARE : GK_TILE_ROWS;
  for (int64_t first = 0; first < rows; first += step) {
    source.rows = std::min(rows - first, step);
    OK(gk_pack(both.cuda(), &source, packed + first / GK_TILE_ROWS * (packedBytes / tiles)));
    source.data = static_cast<const uint8_t *>(source.data) +
                  source.rows * (source.cols / format.blockColumns) * format.blockBytes;
    if (source.dtype == GK_F8) {
      source.scales = static_cast<const float *>(source.scales) + (source.cols + GK_SQUARE - 1) / GK_SQUARE;
    }
  }
}

template <class T>
void checkRows(const Both &both, const gk_weight &onCpu, const gk_weight &onCuda, int64_t first, int64_t count,
               int32_t dtype, int64_t stride, const std::string &what) {
  const Twin<T> rows(count * stride + 1);
  both.run([&](const Side &side) {
    const gk_tensor y = {rows.on(side), count, onCpu.cols, stride, dtype, 0};
    OK(gk_unpack(side, side.cuda ? &onCuda : &onCpu, side.cuda ? first % 2 : 0, first, &y));
  });
  expectSameBits(what + (dtype == GK_F32 ? " to F32" : " to BF16") + ", " + std::to_string(count) + " rows from " +
                     std::to_string(first),
                 rows.ofCpu(), rows.ofCuda());
}

void check(const Both &both, gatun::cpu::Pool &pool, const TypeName &type, const Shape &s) {
  const Weights weights(pool, type.dtype, s.rows, s.cols, 1, static_cast<uint64_t>(s.rows * 1000 + s.cols), s.group,
                        s.actOrder);
  const std::string what = std::string(type.name) + " " + std::to_string(s.rows) + "x" + std::to_string(s.cols) +
                           " group " + std::to_string(s.group);
  int64_t bytes = 0;
  OK(gk_packed_bytes(both.cuda(), &weights.source, &bytes));
  const int64_t least = checkpointBytes(weights.source), tiles = (s.rows + 15) / 16;
  CHECK(bytes >= least && bytes <= least + 3 * GK_ALIGNMENT * tiles, "%s: %lld packed bytes, expected about %lld",
        what.c_str(), static_cast<long long>(bytes), static_cast<long long>(least));

  // Two experts, the second in memory that holds other things before.
  const DeviceArray<uint8_t> packed(2 * bytes);
  OK(gk_pack(both.cuda(), &weights.source, packed.data()));
  packTiles(both, weights.source, bytes, packed.data() + bytes);
  const gk_weight weight = {packed.data(), s.rows, s.cols, 2, bytes, type.dtype, weights.packed.group};
  struct Part {
    int64_t first, count;
  };
  for (const Part part : {Part{0, s.rows}, {s.rows - 1, 1}, {s.rows / 2, (s.rows + 1) / 2}, {0, 0}}) {
    for (const int64_t stride : {s.cols, s.cols + 3}) {
      checkRows<float>(both, weights.packed, weight, part.first, part.count, GK_F32, stride, what);
    }
    if (s.cols % GK_ACTIVATION_BLOCK == 0) {
      checkRows<uint16_t>(both, weights.packed, weight, part.first, part.count, GK_BF16, s.cols, what);
    }
  }
}

// All codes of F8, each in a square of its own, those that are no numbers included.
void checkCodes(const Both &both) {
  constexpr int64_t rows = 40, cols = 256 * GK_SQUARE;
  std::vector<uint8_t> codes(rows * cols, 0x38);
  std::vector<float> scales(256);
  for (size_t s = 0; s < 256; s++) {
    scales[s] = 1.0f + float(s) / 3;
    codes[20 * cols + s * GK_SQUARE + 5] = uint8_t(s);
  }
  const gk_source source = {codes.data(), nullptr, scales.data(), nullptr, rows, cols, GK_F8, GK_SQUARE, 0, 0};
  int64_t ofCpu = 0, ofCuda = 0;
  OK(gk_packed_bytes(both.cpu(), &source, &ofCpu));
  OK(gk_packed_bytes(both.cuda(), &source, &ofCuda));
  const Array<uint8_t> onCpu(ofCpu);
  const DeviceArray<uint8_t> onCuda(ofCuda);
  OK(gk_pack(both.cpu(), &source, onCpu.data()));
  OK(gk_pack(both.cuda(), &source, onCuda.data()));
  const Twin<float> unpacked(rows * cols);
  both.run([&](const Side &side) {
    const gk_weight weight = {side.cuda ? onCuda.data() : onCpu.data(), rows, cols, 1, 0, GK_F8, GK_SQUARE};
    const gk_tensor y = tensor(unpacked.on(side), rows, cols);
    OK(gk_unpack(side, &weight, 0, 0, &y));
  });
  const Array<float> &expected = unpacked.ofCpu();
  const Array<float> actual = unpacked.ofCuda();
  expectAll("codes of F8", expected, actual, [&](int64_t i) {
    return std::isnan(expected[i]) ? !std::isnan(actual[i]) : std::memcmp(&expected[i], &actual[i], 4) != 0;
  });
}

}  // namespace

int main() {
  const Both both;
  gatun::cpu::Pool pool(2);
  for (const TypeName &type : kTypes) {
    const gatun::cpu::Format format = gatun::cpu::formatOf(type.dtype);
    if (type.dtype == GK_AWQ || type.dtype == GK_GPTQ) {
      for (const int64_t rows : {8, 16, 24, 40}) {
        check(both, pool, type, {rows, 96, 32, type.dtype == GK_GPTQ});
        check(both, pool, type, {rows, 576, 96});
        check(both, pool, type, {rows, 1152, 128});
      }
    } else if (format.blockColumns == 256) {
      for (const int64_t rows : {1, 15, 16, 17, 40}) {
        check(both, pool, type, {rows, 256});
        check(both, pool, type, {rows, 768});
      }
    } else if (format.blockColumns == 32) {
      for (const int64_t rows : {1, 15, 16, 17, 40}) {
        check(both, pool, type, {rows, 32});
        check(both, pool, type, {rows, 96});
        check(both, pool, type, {rows, 2112});  // of more warps than a block has
      }
    } else {
      for (const int64_t rows : {1, 15, 16, 17, 40}) {
        check(both, pool, type, {rows, 1});
        check(both, pool, type, {rows, 77});
        check(both, pool, type, {rows, 2112});
      }
    }
  }
  check(both, pool, {GK_Q4_K, "Q4_K"}, {400, 10240});  // more than one slice
  check(both, pool, {GK_F8, "F8"}, {300, 203});
  checkCodes(both);
  return finish(both);
}

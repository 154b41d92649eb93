// pack_test.cpp: weights packed for CUDA: of the size promised, and every row comes back bit for bit as on the CPU.
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
  if (source.group > 0) {
    return rows * cols / 2 + source.cols / source.group * rows * 3;  // a zero takes a byte
  }
  const gatun::cpu::Format format = gatun::cpu::formatOf(source.dtype);
  return rows * cols / format.blockColumns * format.blockBytes;
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
  OK(gk_pack(both.cuda(), &weights.source, packed.data() + bytes));
  const gk_weight weight = {packed.data(), s.rows, s.cols, 2, bytes, type.dtype, weights.packed.group};
  const Twin<float> row(s.cols);
  for (int64_t r = 0; r < s.rows; ++r) {
    OK(gk_unpack_row(both.cpu(), &weights.packed, 0, r, row.on(both.cpu())));
    OK(gk_unpack_row(both.cuda(), &weight, r % 2, r, row.on(both.cuda())));
    OK(gk_queue_sync(both.cuda()));
    expectSameBits(what + " row " + std::to_string(r), row.ofCpu(), row.ofCuda());
  }
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
  return finish(both);
}

// mat_mul_float_test.cpp: mat_mul and gate_up of GK_F32 activations for every type of weights: against the CPU within a
// derived bound, and every row bit for bit what the row alone gives.
//
// Bound: the weights are exact on both sides. A term passes at most 256 + 2 roundings of a lane's chunk, a chunk's
// total one for each chunk; on the CPU cols / 4 + 3. So |difference| <= (258 + chunks + cols / 4 + 3) eps sum|terms|.
#include "../../kernels-cpu/test/weights.hpp"
#include "gate_up.hpp"

using namespace gatun::test;

namespace {

constexpr double kEps = 0x1p-24;

struct Shape {
  int64_t rows, cols;
  int32_t group;
};

std::string nameOf(const TypeName &type, const Shape &s, int64_t tokens) {
  return std::string(type.name) + " " + std::to_string(s.rows) + "x" + std::to_string(s.cols) + ", " +
         std::to_string(tokens) + " tokens";
}

DeviceArray<uint8_t> packedOf(const Both &both, const Weights &weights) {
  int64_t bytes = 0;
  OK(gk_packed_bytes(both.cuda(), &weights.source, &bytes));
  return DeviceArray<uint8_t>(bytes);
}

// gap: of a row of x beyond its columns.
void testMatMul(const Both &both, gatun::cpu::Pool &pool, const TypeName &type, const Shape &s, int64_t gap) {
  const std::vector<int64_t> counts = {1, 2, 8, 9, 40};
  const int64_t most = counts.back(), yStride = s.rows + 3, xStride = s.cols + gap;
  const Weights weights(pool, type.dtype, s.rows, s.cols, 1, static_cast<uint64_t>(s.rows + s.cols), s.group);
  const DeviceArray<uint8_t> packed = packedOf(both, weights);
  OK(gk_pack(both.cuda(), &weights.source, packed.data()));
  gk_weight weight = weights.packed;
  Random random(5);
  Array<float> values(most * xStride, random);
  for (int64_t i = 0; i < most; i++) {
    for (int64_t c = s.cols; c < xStride; c++) {
      values[i * xStride + c] = NAN;
    }
  }
  const Twin<float> x(copyOf(values)), y(most * yStride);
  both.run([&](const Side &side) {
    weight.data = side.cuda ? packed.data() : weights.packed.data;
    const gk_tensor from = tensor(x.on(side), most, s.cols, xStride), to = tensor(y.on(side), most, s.rows, yStride);
    OK(gk_mat_mul(side, &weight, &from, &to));
  });
  const Array<float> all = y.ofCuda();
  expectClose(nameOf(type, s, most), y.ofCpu(), all, [&](int64_t i) {
    double size = 0;
    for (int64_t c = 0; c < s.cols; c++) {
      const double exact = double(weights.exact[size_t(i % yStride * s.cols + c)]);
      size += std::fabs(exact * double(values[i / yStride * xStride + c]));
    }
    return (261 + double(s.cols) / 1024 + 1 + double(s.cols) / 4) * kEps * size;
  });
  weight.data = packed.data();
  for (const int64_t count : counts) {
    Array<float> rows(count * xStride), last(count * yStride);
    std::memcpy(rows.data(), values.data() + (most - count) * xStride, size_t(count * xStride) * sizeof(float));
    std::memcpy(last.data(), all.data() + (most - count) * yStride, size_t(count * yStride) * sizeof(float));
    const DeviceArray<float> onDevice(rows);
    const Twin<float> some(count * yStride);
    const gk_tensor from = tensor(onDevice.data(), count, s.cols, xStride);
    const gk_tensor to = tensor(some.on(both.cuda()), count, s.rows, yStride);
    OK(gk_mat_mul(both.cuda(), &weight, &from, &to));
    OK(gk_queue_sync(both.cuda()));
    expectSameBits(nameOf(type, s, count) + " against " + std::to_string(most), last, some.ofCuda());
  }
}

void testGateUp(const Both &both, gatun::cpu::Pool &pool, const TypeName &type, const Shape &s, int64_t tokens) {
  const Side cuda = both.cuda();
  const Weights gate(pool, type.dtype, s.rows, s.cols, 1, 1, s.group);
  const Weights up(pool, type.dtype, s.rows, s.cols, 1, 2, s.group);
  const DeviceArray<uint8_t> packedGate = packedOf(both, gate), packedUp = packedOf(both, up);
  OK(gk_pack(cuda, &gate.source, packedGate.data()));
  OK(gk_pack(cuda, &up.source, packedUp.data()));
  gk_weight a = gate.packed, b = up.packed;
  a.data = packedGate.data(), b.data = packedUp.data();
  Random random(5);
  const Twin<float> x(tokens * s.cols, random);
  expectGateUp(both, nameOf(type, s, tokens) + " gate_up", a, b, tensor(x.on(cuda), tokens, s.cols));
}

}  // namespace

int main() {
  const Both both;
  gatun::cpu::Pool pool(2);
  for (const TypeName &type : kTypes) {
    const gatun::cpu::Format format = gatun::cpu::formatOf(type.dtype);
    const bool plain = format.bits == 0, super = format.blockColumns == 256;
    testMatMul(both, pool, type, {plain ? 33 : 24, super ? 256 : plain ? 37 : 96, 32}, 0);
    // Chunks for several warps and rounds.
    testMatMul(both, pool, type, {plain ? 17 : 16, super ? 2304 : plain ? 2057 : 2144, 32}, 4);
    testGateUp(both, pool, type, {64, 256, 64}, type.dtype == GK_F16 ? 9 : 1);
    testGateUp(both, pool, type, {24, 256, 64}, type.dtype == GK_F16 ? 1 : 9);
  }
  // Five chunks; tiles enough that no warps share one.
  testMatMul(both, pool, {GK_BF16, "BF16"}, {15, 4128, 0}, 0);
  testMatMul(both, pool, {GK_F16, "F16"}, {2064, 40, 0}, 3);
  if (onGpu()) {
    testMatMul(both, pool, {GK_F16, "F16"}, {20000, 1056, 0}, 0);
  }
  return finish(both);
}

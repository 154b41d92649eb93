// mat_mul_tiles_test.cpp: mat_mul and gate_up of many rows of integer activations, of every type: against the CPU
// within a derived bound, and every row bit for bit what the row alone gives.
//
// Bound: see mat_mul_test.cpp of the CPU; chunk totals add fewer roundings than a block has left there. Both sides may
// err by it.
#include "../../kernels-cpu/test/weights.hpp"
#include "gate_up.hpp"

using namespace gatun::test;

namespace {

constexpr double kEps = 0x1p-24;

struct Shape {
  int64_t rows, cols;
  int32_t group;
};

// A matrix packed for both sides.
struct Matrix {
  Matrix(const Both &both, gatun::cpu::Pool &pool, int32_t dtype, const Shape &s, uint64_t seed)
      : weights(pool, dtype, s.rows, s.cols, 1, seed, s.group), packed(bytesOf(both)) {
    OK(gk_pack(both.cuda(), &weights.source, packed.data()));
  }
  gk_weight on(const Side &side) const {
    gk_weight weight = weights.packed;
    weight.data = side.cuda ? packed.data() : weight.data;
    return weight;
  }
  int64_t bytesOf(const Both &both) const {
    int64_t bytes = 0;
    OK(gk_packed_bytes(both.cuda(), &weights.source, &bytes));
    return bytes;
  }
  Weights weights;
  DeviceArray<uint8_t> packed;
};

// Activations of a type on both sides, and what they stand for.
struct Activations {
  Activations(const Both &both, int64_t rows, int64_t cols, int32_t dtype, uint64_t seed)
      : cols_(cols), dtype_(dtype), bytes(rows * activationBytes(dtype, cols)) {
    Random random(seed);
    Array<float> floats(rows * cols, random);
    const gk_tensor from = tensor(floats.data(), rows, cols);
    const gk_tensor to = activations(bytes.on(both.cpu()), rows, cols, dtype);
    OK(gk_quantize(both.cpu(), &from, &to));
    deviceCopy(bytes.on(both.cuda()), bytes.on(both.cpu()), bytes.size());
  }
  gk_tensor on(const Side &side, int64_t rows) const { return activations(bytes.on(side), rows, cols_, dtype_); }
  // The last `count` of `rows` rows, on the device.
  DeviceArray<uint8_t> last(int64_t rows, int64_t count) const {
    const int64_t rowBytes = activationBytes(dtype_, cols_);
    Array<uint8_t> copy(count * rowBytes);
    std::memcpy(copy.data(), bytes.ofCpu().data() + (rows - count) * rowBytes, static_cast<size_t>(copy.size()));
    return DeviceArray<uint8_t>(copy);
  }
  int64_t cols_;
  int32_t dtype_;
  Twin<uint8_t> bytes;
};

std::string nameOf(const TypeName &type, const Shape &s, int32_t activation, int64_t tokens) {
  return std::string(type.name) + " " + std::to_string(s.rows) + "x" + std::to_string(s.cols) +
         (activation == GK_A16 ? " int16, " : " int8, ") + std::to_string(tokens) + " tokens";
}

// Bounds (tokens, rows) of one side's error.
std::vector<double> boundsOf(const Both &both, const Matrix &matrix, const Activations &x, int64_t tokens) {
  const Weights &w = matrix.weights;
  const int64_t rows = w.packed.rows, cols = w.packed.cols;
  const bool shifts = gatun::cpu::hasShift(gatun::cpu::formatOf(w.packed.dtype).scales);
  std::vector<double> bounds(static_cast<size_t>(tokens * rows));
  const gk_tensor values = x.on(both.cpu(), tokens);
  std::vector<double> a(static_cast<size_t>(cols));
  for (int64_t t = 0; t < tokens; t++) {
    double activations = 0;
    for (int64_t c = 0; c < cols; c++) {
      a[size_t(c)] = std::fabs(Inputs::value(values, t, c));
      activations += a[size_t(c)];
    }
    for (int64_t r = 0; r < rows; r++) {
      double size = 0, largest = 0;
      for (int64_t c = 0; c < cols; c++) {
        const double weight = std::fabs(double(w.exact[size_t(r * cols + c)]));
        size += weight * a[size_t(c)], largest = std::max(largest, weight);
      }
      size += shifts ? 2 * largest * activations : 0;
      bounds[size_t(t * rows + r)] = (4 + 4 * double(cols) / 32) * kEps * size;
    }
  }
  return bounds;
}

void testMatMul(const Both &both, gatun::cpu::Pool &pool, const TypeName &type, const Shape &s, int32_t activation,
                const std::vector<int64_t> &counts) {
  const int64_t most = counts.back(), stride = s.rows + 3;
  const Matrix matrix(both, pool, type.dtype, s, static_cast<uint64_t>(s.rows + s.cols));
  const Activations x(both, most, s.cols, activation, 7);
  const std::vector<double> bounds = boundsOf(both, matrix, x, most);
  const Twin<float> all(most * stride);
  both.run([&](const Side &side) {
    const gk_weight weight = matrix.on(side);
    const gk_tensor from = x.on(side, most), to = tensor(all.on(side), most, s.rows, stride);
    OK(gk_mat_mul(side, &weight, &from, &to));
  });
  expectClose(nameOf(type, s, activation, most), all.ofCpu(), all.ofCuda(),
              [&](int64_t i) { return 2 * bounds[size_t(i / stride * s.rows + i % stride)]; });
  const Array<float> expected = all.ofCuda();
  for (const int64_t count : counts) {
    const DeviceArray<uint8_t> rows = x.last(most, count);
    const Twin<float> some(count * stride);
    const gk_weight weight = matrix.on(both.cuda());
    const gk_tensor from = activations(rows.data(), count, s.cols, activation);
    const gk_tensor to = tensor(some.on(both.cuda()), count, s.rows, stride);
    OK(gk_mat_mul(both.cuda(), &weight, &from, &to));
    OK(gk_queue_sync(both.cuda()));
    Array<float> last(count * stride);
    std::memcpy(last.data(), expected.data() + (most - count) * stride, size_t(count * stride) * sizeof(float));
    expectSameBits(nameOf(type, s, activation, count) + " against " + std::to_string(most), last, some.ofCuda());
  }
}

void testGateUp(const Both &both, gatun::cpu::Pool &pool, const TypeName &type, const Shape &s, int32_t activation,
                int64_t tokens) {
  const Matrix gate(both, pool, type.dtype, s, 1), up(both, pool, type.dtype, s, 2);
  const Activations x(both, tokens, s.cols, activation, 3);
  const Side cuda = both.cuda();
  expectGateUp(both, nameOf(type, s, activation, tokens) + " gate_up", gate.on(cuda), up.on(cuda), x.on(cuda, tokens));
}

}  // namespace

int main() {
  const Both both;
  gatun::cpu::Pool pool(2);
  for (const TypeName &type : kTypes) {
    const gatun::cpu::Format format = gatun::cpu::formatOf(type.dtype);
    if (format.bits == 0) {
      continue;
    }
    const bool super = format.blockColumns == 256;
    // Several chunks, the last of an odd number of blocks where the type allows.
    testMatMul(both, pool, type, {40, super ? 1280 : 1120, 32}, GK_A8, {1, 2, 17, 31, 33});
    testMatMul(both, pool, type, {24, super ? 256 : 32, 32}, GK_A16, {1, 16, 17, 33});
    testGateUp(both, pool, type, {64, super ? 256 : 96, 32}, GK_A8, 33);
  }
  // The larger tiles: as many as the device has multiprocessors.
  for (const TypeName &type : kTypes) {
    const gatun::cpu::Format format = gatun::cpu::formatOf(type.dtype);
    if (format.bits == 0) {
      continue;
    }
    const int64_t cols = format.blockColumns == 256 ? 256 : 96;
    testMatMul(both, pool, type, {136, cols, 32}, GK_A8, {1, 65, 130});
    testMatMul(both, pool, type, {136, cols, 32}, GK_A16, {1, 65, 130});
  }
  for (const TypeName &type : {TypeName{GK_Q4_K, "Q4_K"}, TypeName{GK_Q6_K, "Q6_K"}, TypeName{GK_AWQ, "AWQ"}}) {
    testMatMul(both, pool, type, {296, 1280, 128}, GK_A8, {64, 130});  // several chunks
    testGateUp(both, pool, type, {160, 256, 64}, GK_A8, 130);
    if (onGpu()) {
      testMatMul(both, pool, type, {2056, 256, 64}, GK_A8, {1, 33, 1540});
      testMatMul(both, pool, type, {2056, 256, 64}, GK_A16, {1, 33, 1540});
      testGateUp(both, pool, type, {1056, 256, 64}, GK_A8, 1540);
    }
  }
  return finish(both);
}

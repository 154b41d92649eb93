// rms_norm_test.cpp: RmsNorm and AddRmsNorm on CUDA against the CPU, as floats and quantised, alone and among others.
#include "both.hpp"

using namespace gatun::test;

namespace {

struct Shape {
  int64_t rows, cols, stride;
  int64_t weightOffset;  // elements before the weight, for alignments that forbid vectors
};

std::string name(const char *op, const Shape &s) {
  return std::string(op) + " " + std::to_string(s.rows) + "x" + std::to_string(s.cols) + " stride " +
         std::to_string(s.stride) + " weight + " + std::to_string(s.weightOffset);
}

// Of a result of either, relative: a sum of n squares whose longest chain of fp32 roundings is n / 16 + 4 on the CPU
// and n / 128 + 42 here (at least 32 threads of 4, 5 steps in a warp, up to 32 warps); the square root halves its
// error. Six more roundings follow.
double bound(int64_t cols) {
  const auto n = static_cast<double>(cols);
  return ((n / 16 + 4) + (n / 128 + 42) + 12) / 2 * 0x1p-24 * 2;
}

void check(const Both &both, const Shape &s) {
  Random random(static_cast<uint64_t>(s.rows * 100000 + s.cols));
  const float eps = 1e-6f;
  const Twin<float> x(s.rows * s.stride, random, 3), delta(s.rows * s.stride, random),
      weight(s.cols + s.weightOffset, random), sums(copyOf(x.ofCpu()));
  const Twin<float> y(s.rows * s.stride), z(s.rows * s.stride);
  both.run([&](const Side &side) {
    const float *const w = weight.on(side) + s.weightOffset;
    const gk_tensor xs = tensor(x.on(side), s.rows, s.cols, s.stride),
                    ys = tensor(y.on(side), s.rows, s.cols, s.stride),
                    ds = tensor(delta.on(side), s.rows, s.cols, s.stride),
                    ss = tensor(sums.on(side), s.rows, s.cols, s.stride),
                    zs = tensor(z.on(side), s.rows, s.cols, s.stride);
    OK(gk_rms_norm(side, &xs, w, eps, &ys));
    OK(gk_add_rms_norm(side, &ss, &ds, w, eps, &zs));
  });
  const auto relative = [&](const Array<float> &expected) {
    return [&](int64_t i) { return bound(s.cols) * std::fabs(static_cast<double>(expected[i])); };
  };
  expectClose(name("RmsNorm", s), y.ofCpu(), y.ofCuda(), relative(y.ofCpu()));
  expectSameBits(name("AddRmsNorm, sums,", s), sums.ofCpu(), sums.ofCuda());
  expectClose(name("AddRmsNorm", s), z.ofCpu(), z.ofCuda(), relative(z.ofCpu()));

  // Of the sums, in place: the same bits; each row alone: the same bits.
  const Side side = both.cuda();
  const Array<float> before = z.ofCuda();
  for (int64_t r = 0; r < s.rows; ++r) {
    // A row starts at a multiple of GK_ALIGNMENT only where the stride allows.
    if (r * s.stride * 4 % GK_ALIGNMENT == 0) {
      const gk_tensor row = tensor(sums.on(side) + r * s.stride, 1, s.cols, s.stride),
                      out = tensor(z.on(side) + r * s.stride, 1, s.cols, s.stride);
      OK(gk_rms_norm(side, &row, weight.on(side) + s.weightOffset, eps, &out));
    }
  }
  const gk_tensor all = tensor(sums.on(side), s.rows, s.cols, s.stride);
  OK(gk_rms_norm(side, &all, weight.on(side) + s.weightOffset, eps, &all));
  OK(gk_queue_sync(side));
  expectSameBits(name("RmsNorm, a row alone,", s), before, z.ofCuda());
  const Array<float> inPlace = sums.ofCuda();
  expectAll(name("RmsNorm, in place,", s), before, inPlace, [&](int64_t i) {
    return i % s.stride < s.cols && std::memcmp(before.data() + i, inPlace.data() + i, sizeof(float)) != 0;
  });
}

// The quantised result is what the CPU makes of the floats.
void checkQuantised(const Both &both, const Shape &s, int32_t dtype, float scale) {
  Random random(static_cast<uint64_t>(s.rows * 100000 + s.cols));
  const Twin<float> x(s.rows * s.stride, random, 3), weight(s.cols + s.weightOffset, random, scale);
  const DeviceArray<float> floats(s.rows * s.cols);
  const int64_t bytes = s.rows * activationBytes(dtype, s.cols);
  const DeviceArray<uint8_t> quantised(bytes);
  const Side side = both.cuda();
  const gk_tensor xs = tensor(x.on(side), s.rows, s.cols, s.stride), ys = tensor(floats.data(), s.rows, s.cols),
                  qs = activations(quantised.data(), s.rows, s.cols, dtype);
  OK(gk_rms_norm(side, &xs, weight.on(side) + s.weightOffset, 1e-6f, &ys));
  OK(gk_rms_norm(side, &xs, weight.on(side) + s.weightOffset, 1e-6f, &qs));
  OK(gk_queue_sync(side));
  const Array<float> host = floats.download();
  const Array<uint8_t> expected(bytes);
  const gk_tensor hs = tensor(host.data(), s.rows, s.cols), es = activations(expected.data(), s.rows, s.cols, dtype);
  OK(gk_quantize(both.cpu(), &hs, &es));
  expectSameBits(name(dtype == GK_A8    ? "RmsNorm to A8"
                      : dtype == GK_A16 ? "RmsNorm to A16"
                                        : "RmsNorm to BF16",
                      s),
                 expected, quantised.download());
}

}  // namespace

int main() {
  const Both both;
  for (const int64_t cols : {1, 3, 4, 15, 16, 17, 31, 100, 128, 576, 3584, 4096, 4100, 5120, 33001}) {
    for (const int64_t rows : {1, 5}) {
      check(both, {rows, cols, cols, 0});
      check(both, {rows, cols, (cols + 31) / 16 * 16, 0});
      check(both, {rows, cols, (cols + 31) / 16 * 16, 1});
    }
  }
  for (const int32_t dtype : {GK_A8, GK_A16, GK_BF16}) {
    for (const int64_t cols : {32, 64, 96, 160, 576, 1056, 5120, 32768}) {
      // The last two make scales subnormal and zero.
      for (const float scale : {1.0f, 1e-37f, 1e-42f, 0.0f}) {
        checkQuantised(both, {3, cols, cols, 0}, dtype, scale);
      }
      checkQuantised(both, {2, cols, cols + 1, 1}, dtype, 1);
    }
  }
  const gk_tensor none = {nullptr, 0, 32, 32, GK_F32, 0};
  const DeviceArray<float> memory(32);
  gk_tensor empty = none;
  empty.data = memory.data();
  OK(gk_rms_norm(both.cuda(), &empty, memory.data(), 0, &empty));
  return finish(both);
}

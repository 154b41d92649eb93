// mat_mul_vec_test.cpp: MatMul, Qkv and GateUp with 1 to 16 rows of GK_A8 and GK_A16 on CUDA against the CPU.
#include "../../kernels-cpu/test/weights.hpp"
#include "gate_up.hpp"

using namespace gatun::test;

namespace {

gatun::cpu::Pool pool(2);

// A random weight on both devices. `exact` has its values.
struct Matrix {
  Matrix(const Both &both, int32_t dtype, int64_t rows, int64_t cols, uint64_t seed, int32_t group = 32)
      : weights(pool, dtype, rows, cols, 1, seed, group), packed(bytesOf(both, weights.source)) {
    OK(gk_pack(both.cuda(), &weights.source, packed.data()));
  }
  gk_weight on(const Side &side) const {
    gk_weight weight = weights.packed;
    weight.data = side.cuda ? packed.data() : weight.data;
    return weight;
  }
  static int64_t bytesOf(const Both &both, const gk_source &source) {
    int64_t bytes = 0;
    OK(gk_packed_bytes(both.cuda(), &source, &bytes));
    return bytes;
  }
  Weights weights;
  DeviceArray<uint8_t> packed;
};

// Activations of one integer type on both devices.
struct Activations {
  Activations(int64_t rows, int64_t cols, int32_t dtype, uint64_t seed)
      : inputs(pool, rows, cols, seed),
        form(dtype == GK_A8 ? inputs.int8 : inputs.int16),
        rowBytes(activationBytes(dtype, cols)),
        device(rows * rowBytes) {
    Array<uint8_t> bytes(rows * rowBytes);
    std::memcpy(bytes.data(), form.data, static_cast<size_t>(rows * rowBytes));
    device.upload(bytes);
  }
  // Row r of others.
  Activations(const Activations &from, int64_t r)
      : inputs(pool, 1, from.form.cols, 0), form(Inputs::row(from.form, r)), rowBytes(from.rowBytes), device(rowBytes) {
    Array<uint8_t> bytes(rowBytes);
    std::memcpy(bytes.data(), form.data, static_cast<size_t>(rowBytes));
    device.upload(bytes);
  }
  gk_tensor on(const Side &side) const {
    gk_tensor x = form;
    x.data = side.cuda ? device.data() : x.data;
    return x;
  }
  Inputs inputs;
  gk_tensor form;
  int64_t rowBytes;
  DeviceArray<uint8_t> device;
};

// Twice (one for each side) what fp32 may lose of sum w x: of a block's parts each rounds at most 6 times, and every
// sum of blocks adds one rounding; times the sum of the greatest terms, codes and shifts apart: |scale * code| and
// |shift| may each be more than their sum, the weight. But weights of a block differ by scale * (code - code'), and
// random codes span more than half of their range: the two terms together are at most 4 times the block's greatest
// weight.
double bound(const Matrix &w, const Activations &x, int64_t m, int64_t row) {
  const gk_source &source = w.weights.source;
  double sum = 0;
  for (int64_t b = 0; b < source.cols; b += 32) {
    double most = 0, total = 0;
    for (int64_t k = b; k < b + 32; ++k) {
      most =
          std::fmax(most, std::fabs(static_cast<double>(w.weights.exact[static_cast<size_t>(row * source.cols + k)])));
      total += std::fabs(Inputs::value(x.form, m, k));
    }
    sum += 4 * most * total;
  }
  return 2 * (static_cast<double>(source.cols) / 32 + 6) * 0x1p-24 * sum;
}

std::string name(const char *op, const char *type, int32_t dtype, int64_t m, int64_t rows, int64_t cols) {
  return std::string(op) + " " + type + (dtype == GK_A8 ? " A8 " : " A16 ") + std::to_string(m) + " x " +
         std::to_string(rows) + "x" + std::to_string(cols);
}

void multiply(const Side &side, const Matrix &w, const gk_tensor &x, float *y, int64_t stride) {
  const gk_weight weight = w.on(side);
  const gk_tensor to = tensor(y, x.rows, weight.rows, stride);
  OK(gk_mat_mul(side, &weight, &x, &to));
}

// Rows of a result of `rows` columns that are `stride` apart; what lies between must keep its bytes.
void expectProduct(const std::string &what, const Matrix &w, const Activations &x, const Twin<float> &y,
                   int64_t stride) {
  expectClose(what, y.ofCpu(), y.ofCuda(), [&](int64_t i) { return bound(w, x, i / stride, i % stride); });
}

void check(const Both &both, const TypeName &type, int32_t dtype, int64_t rows, int64_t cols, int32_t group = 32) {
  constexpr int64_t most = 16;
  const Matrix w(both, type.dtype, rows, cols, static_cast<uint64_t>(rows * 1000 + cols), group);
  const Activations x(most, cols, dtype, static_cast<uint64_t>(cols));
  const Twin<float> all(most * rows);
  both.run([&](const Side &side) { multiply(side, w, x.on(side), all.on(side), rows); });
  expectProduct(name("MatMul", type.name, dtype, most, rows, cols), w, x, all, rows);
  // Fewer rows, and the same again: the same bits, also where results lie apart.
  const Array<float> expected = all.ofCuda();
  const int64_t stride = rows + 3;
  for (const int64_t m : {1, 2, 7, 8, 9, 15, 16}) {
    const DeviceArray<float> y(m * stride);
    gk_tensor some = x.on(both.cuda());
    some.rows = m;
    multiply(both.cuda(), w, some, y.data(), stride);
    OK(gk_queue_sync(both.cuda()));
    const Array<float> found = y.download();
    int64_t wrong = 0;
    for (int64_t i = 0; i < m * stride; ++i) {
      const float *const e = expected.data() + i / stride * rows + i % stride;
      const uint32_t untouched = 0xdbdbdbdb;
      wrong += std::memcmp(found.data() + i, i % stride < rows ? static_cast<const void *>(e) : &untouched, 4) != 0;
    }
    CHECK(wrong == 0, "%s: %lld floats differ from those of 16 rows",
          name("MatMul", type.name, dtype, m, rows, cols).c_str(), static_cast<long long>(wrong));
  }
  // Row 11 alone.
  const DeviceArray<float> alone(rows);
  const Activations eleventh(x, 11);
  multiply(both.cuda(), w, eleventh.on(both.cuda()), alone.data(), rows);
  OK(gk_queue_sync(both.cuda()));
  Array<float> wanted(rows);
  std::memcpy(wanted.data(), expected.data() + 11 * rows, static_cast<size_t>(rows) * 4);
  expectSameBits(name("MatMul, row 11 of", type.name, dtype, most, rows, cols), wanted, alone.download());
}

void checkGateUp(const Both &both, const TypeName &type, int32_t dtype, int64_t m, int64_t rows, int64_t cols,
                 int32_t group = 32) {
  const Matrix gate(both, type.dtype, rows, cols, 1, group), up(both, type.dtype, rows, cols, 2, group);
  const Activations x(m, cols, dtype, 3);
  const Twin<float> y(m * rows), g(m * rows), u(m * rows);
  const auto run = [&](const Side &side, const gk_tensor &to) {
    const gk_weight a = gate.on(side), b = up.on(side);
    const gk_tensor from = x.on(side);
    OK(gk_gate_up(side, &a, &b, &from, &to));
  };
  both.run([&](const Side &side) {
    run(side, tensor(y.on(side), m, rows));
    multiply(side, gate, x.on(side), g.on(side), rows);
    multiply(side, up, x.on(side), u.on(side), rows);
  });
  // silu's slope is at most 1.1; the exponential and what follows lose a few units in the last place of the result.
  const std::string what = name("GateUp", type.name, dtype, m, rows, cols);
  expectClose(what, y.ofCpu(), y.ofCuda(), [&](int64_t i) {
    const double bg = bound(gate, x, i / rows, i % rows), bu = bound(up, x, i / rows, i % rows);
    const double a = std::fabs(static_cast<double>(g.ofCpu()[i])), b = std::fabs(static_cast<double>(u.ofCpu()[i]));
    return 1.1 * bg * (b + bu) + a * bu + 16 * 0x1p-24 * std::fabs(static_cast<double>(y.ofCpu()[i]));
  });
  expectGateUp(both, what, gate.on(both.cuda()), up.on(both.cuda()), x.on(both.cuda()));
}

void checkQkv(const Both &both, const int32_t (&types)[3], int32_t dtype, int64_t m) {
  constexpr int64_t cols = 512, rows[3] = {80, 40, 48};
  const Activations x(m, cols, dtype, 7);
  const Matrix q(both, types[0], rows[0], cols, 1), k(both, types[1], rows[1], cols, 2),
      v(both, types[2], rows[2], cols, 3);
  const Matrix *const weights[3] = {&q, &k, &v};
  const Side side = both.cuda();
  const DeviceArray<float> yq(m * rows[0]), yk(m * rows[1]), yv(m * rows[2]);
  const DeviceArray<float> *const results[3] = {&yq, &yk, &yv};
  const gk_weight wq = q.on(side), wk = k.on(side), wv = v.on(side);
  const gk_tensor from = x.on(side), tq = tensor(yq.data(), m, rows[0]), tk = tensor(yk.data(), m, rows[1]),
                  tv = tensor(yv.data(), m, rows[2]);
  OK(gk_qkv(side, &wq, &wk, &wv, &from, &tq, &tk, &tv));
  for (int i = 0; i < 3; ++i) {
    const DeviceArray<float> alone(m * rows[i]);
    multiply(side, *weights[i], from, alone.data(), rows[i]);
    OK(gk_queue_sync(side));
    expectSameBits("Qkv " + std::to_string(i) + " of " + std::to_string(m), alone.download(), results[i]->download());
  }
}

}  // namespace

int main() {
  const Both both;
  for (const TypeName &type : kTypes) {
    const gatun::cpu::Format format = gatun::cpu::formatOf(type.dtype);
    if (format.bits == 0) {
      continue;
    }
    for (const int32_t dtype : {GK_A8, GK_A16}) {
      if (format.scales == gatun::cpu::Scales::Group) {
        check(both, type, dtype, 24, 96, 96);
        check(both, type, dtype, 40, 1152, 128);
        check(both, type, dtype, 16, 352, 32);
        for (const int64_t m : {1, 3, 13}) {
          checkGateUp(both, type, dtype, m, 64, 384, 64);
        }
      } else if (format.blockColumns == 256) {
        check(both, type, dtype, 17, 256);
        check(both, type, dtype, 33, 1792);
      } else {
        check(both, type, dtype, 1, 32);
        check(both, type, dtype, 17, 96);
        check(both, type, dtype, 33, 1120);
      }
      checkGateUp(both, type, dtype, 1, 64, 768);
      checkGateUp(both, type, dtype, 3, 40, 256);
      checkGateUp(both, type, dtype, 13, 96, 256);
    }
  }
  const TypeName q4{GK_Q4_0, "Q4_0"};
  check(both, q4, GK_A8, 16, 3104);
  check(both, q4, GK_A16, 5, 13344);  // two rounds
  check(both, q4, GK_A8, 2000, 32);   // several tiles a block
  if (onGpu()) {
    check(both, q4, GK_A8, 20000, 1056);
    check(both, q4, GK_A8, 400000, 32);
  }
  check(both, {GK_Q8_0, "Q8_0"}, GK_A8, 16, 4096);
  check(both, q4, GK_A8, 400, 7200);          // the same in several rounds
  checkGateUp(both, q4, GK_A8, 2, 32, 7200);  // two rounds
  checkGateUp(both, q4, GK_A8, 5, 320, 7200);
  checkGateUp(both, q4, GK_A16, 11, 640, 1056);  // several units of 32 rows a block
  checkGateUp(both, q4, GK_A16, 16, 32, 7200);
  for (const int64_t m : {1, 5, 16}) {
    checkQkv(both, {GK_Q4_K, GK_Q4_K, GK_Q4_K}, GK_A8, m);
    checkQkv(both, {GK_Q4_K, GK_Q4_K, GK_Q6_K}, GK_A8, m);
    checkQkv(both, {GK_Q4_K, GK_Q5_K, GK_Q4_K}, GK_A16, m);
    checkQkv(both, {GK_Q4_0, GK_AWQ, GK_Q8_0}, GK_A16, m);
  }
  return finish(both);
}

// gate_up.hpp: GateUp against two MatMuls on the same queue, as floats and quantised.
#pragma once

#include "both.hpp"

namespace gatun::test {

// The weights and x lie on the device. Of a result: the exponential is within 2 units in the last place (4 of the 2^-24
// below) and its sum with 1 no further off; then come three roundings, and that of what is expected.
inline void expectGateUp(const Both &both, const std::string &what, const gk_weight &gate, const gk_weight &up,
                         const gk_tensor &x) {
  const Side cuda = both.cuda();
  const int64_t tokens = x.rows, rows = gate.rows;
  const DeviceArray<float> ya(tokens * rows), yb(tokens * rows), y(tokens * rows);
  const gk_tensor toA = tensor(ya.data(), tokens, rows), toB = tensor(yb.data(), tokens, rows),
                  to = tensor(y.data(), tokens, rows);
  OK(gk_mat_mul(cuda, &gate, &x, &toA));
  OK(gk_mat_mul(cuda, &up, &x, &toB));
  OK(gk_gate_up(cuda, &gate, &up, &x, &to));
  OK(gk_queue_sync(cuda));
  const Array<float> a = ya.download(), b = yb.download(), joined = y.download();
  Array<float> expected(tokens * rows);
  for (int64_t i = 0; i < expected.size(); i++) {
    const double g = static_cast<double>(a[i]);
    expected[i] = static_cast<float>(g / (1 + std::exp(-g)) * static_cast<double>(b[i]));
  }
  expectClose(what + ", of MatMul's", expected, joined,
              [&](int64_t i) { return 9 * 0x1p-24 * std::fabs(static_cast<double>(expected[i])) + 1e-30; });
  if (rows % GK_ACTIVATION_BLOCK != 0) {
    return;
  }
  for (const int32_t dtype : {GK_A8, GK_A16}) {
    const Twin<uint8_t> quantised(tokens * activationBytes(dtype, rows));
    const gk_tensor floats = tensor(joined.data(), tokens, rows),
                    onCpu = activations(quantised.on(both.cpu()), tokens, rows, dtype),
                    onCuda = activations(quantised.on(cuda), tokens, rows, dtype);
    OK(gk_quantize(both.cpu(), &floats, &onCpu));
    OK(gk_gate_up(cuda, &gate, &up, &x, &onCuda));
    OK(gk_queue_sync(cuda));
    expectSameBits(what + (dtype == GK_A8 ? " to A8" : " to A16"), quantised.ofCpu(), quantised.ofCuda());
  }
}

}  // namespace gatun::test

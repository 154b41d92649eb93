// measure_int8.cpp: int8 multiply-adds a second with everything in registers: the limit mat_mul is measured against.
#include "clock.hpp"
#include "ops.hpp"
#include "simd.hpp"

namespace gatun::cpu::GK_ISA {
namespace {

constexpr int kChains = 6;   // more than latency times throughput of any dot product
constexpr int kVectors = 4;  // of codes a chain and round
constexpr int64_t kRounds = 100000;

struct Work {
  const uint8_t *codes;
  const int8_t *q;
  int32_t result;
};

void body(void *arg, int thread) {
  Work &work = *static_cast<Work *>(arg);
  U8x64 codes[kVectors];
  for (int j = 0; j < kVectors; j++) codes[j] = loadCodes(work.codes + 64 * j);
  I32x16 acc[kChains];
  for (int i = 0; i < kChains; i++) acc[i] = splat(int32_t{i});
  for (int64_t round = 0; round < kRounds; round++) {
    for (int i = 0; i < kChains; i++) acc[i] = dot<kVectors, 15>(acc[i], codes, work.q + 16 * ((round + i) % 8));
  }
  int32_t total = 0;
  for (int i = 0; i < kChains; i++) total += sum(acc[i]) & 1;
  if (thread == 0) work.result = total;  // used, so that nothing is left out
}

}  // namespace

double measureInt8(Pool &pool) {
  const uint8_t codes[64 * kVectors] = {1};
  const int8_t q[16 * 8] = {1};  // different for every chain, as for every token of a mat_mul
  Work work{codes, q, 0};
  double best = 0;
  for (int repeat = 0; repeat < 4; repeat++) {  // the first wakes threads and clocks
    const double begin = secondsNow();
    pool.run(body, &work);
    const double rate = 2.0 * 64 * kVectors * kChains * kRounds * pool.threads() / (secondsNow() - begin);
    if (rate > best) best = rate;
  }
  return best;
}

}  // namespace gatun::cpu::GK_ISA

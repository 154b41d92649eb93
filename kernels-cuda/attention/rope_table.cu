// rope_table.cu: RopeTable. Bytes moved: 4 dim a token. Operations: about 50 of double for each of dim / 2 angles.
// Grid: a block for each 128 angles. Limit: double precision, 1/64 of fp32 on most GPUs: 512 tokens of 64 angles take
// some 10 us of one step in hundreds of milliseconds; one token, latency.
//
// The angle is the product in fp32. Its cosine and sine are computed in double within 1e-15 while it stays below 2^31,
// then rounded to fp32: they differ from the CPU's by at most a unit in the last place, and that for one in millions.
#include "ops.hpp"

namespace gatun::cuda {
namespace {

constexpr int threads = 128;

struct Table {
  const int32_t *position;
  const int32_t *sequence;
  const float *invFreq;
  float *table;
  int64_t angles;
  int32_t half;
  float scale;
};

// Taylor polynomials on |r| <= pi / 4, whose remainders are below 1e-19 and 4e-21.
__device__ __forceinline__ double sineOf(double r) {
  const double s = r * r;
  double p = 1.0 / 355687428096000;
  p = p * s - 1.0 / 1307674368000;
  p = p * s + 1.0 / 6227020800;
  p = p * s - 1.0 / 39916800;
  p = p * s + 1.0 / 362880;
  p = p * s - 1.0 / 5040;
  p = p * s + 1.0 / 120;
  p = p * s - 1.0 / 6;
  return r + r * s * p;
}

__device__ __forceinline__ double cosineOf(double r) {
  const double s = r * r;
  double p = -1.0 / 6402373705728000;
  p = p * s + 1.0 / 20922789888000;
  p = p * s - 1.0 / 87178291200;
  p = p * s + 1.0 / 479001600;
  p = p * s - 1.0 / 3628800;
  p = p * s + 1.0 / 40320;
  p = p * s - 1.0 / 720;
  p = p * s + 1.0 / 24;
  return 1 - (s / 2 - s * s * p);
}

__global__ void __launch_bounds__(threads) ropeAngles(Table t) {
  dependencyWait();
  dependencyTrigger();
  const int64_t index = int64_t{blockIdx.x} * threads + threadIdx.x;
  if (index >= t.angles) {
    return;
  }
  const int64_t token = index / t.half;
  if (t.sequence[token] < 0) {  // padding
    return;
  }
  const auto i = static_cast<int32_t>(index % t.half);
  const float product = static_cast<float>(t.position[token]) * t.invFreq[i];
  const auto angle = static_cast<double>(product);
  // Quarter turns, taken away in two parts of pi / 2: the first step is exact, since what it leaves is small and a
  // multiple of the last place of pi / 2 or of the angle.
  const double turns = rint(angle * 0x1.45f306dc9c883p-1);
  const double r = fma(turns, -0x1.1a62633145c07p-54, fma(turns, -0x1.921fb54442d18p+0, angle));
  const int quarter = static_cast<int>(static_cast<int64_t>(turns) & 3);
  const double s = sineOf(r), c = cosineOf(r);
  const double cosine = quarter == 0 ? c : quarter == 1 ? -s : quarter == 2 ? -c : s;
  const double sine = quarter == 0 ? s : quarter == 1 ? c : quarter == 2 ? -s : -c;
  float *const row = t.table + token * 2 * t.half;
  row[i] = static_cast<float>(cosine) * t.scale;
  row[t.half + i] = static_cast<float>(sine) * t.scale;
}

}  // namespace

void ropeTable(const Queue &queue, const gk_batch &batch, const float *invFreq, int32_t dim, float scale,
               float *table) {
  if (batch.tokens == 0) {
    return;
  }
  const int64_t angles = int64_t{batch.tokens} * (dim / 2);
  const Table t = {batch.position, batch.sequence, invFreq, table, angles, dim / 2, scale};
  launch(queue, {gridOf(ceilDiv(angles, threads)), threads}, ropeAngles, t);
}

}  // namespace gatun::cuda

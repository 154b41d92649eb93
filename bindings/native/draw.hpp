// draw.hpp: the arithmetic of gk_sample, which every device and dev.gatun.sample do alike: order of candidates, their
// weights, random numbers. Weights are integers, so that their sums are exact and of no order; what leads to them is
// fp32 sums, products and divisions without contraction, which IEEE 754 fixes to the bit.
#pragma once

#include <cstdint>
#include <cstring>

#include "gatun/kernels.h"

#if defined(__CUDACC__)
#define GATUN_EVERYWHERE __host__ __device__ __forceinline__
#else
#define GATUN_EVERYWHERE inline
#endif

namespace gatun::draw {

// Ids have 22 bits, weights 41, so that any sum of weights fits 63.
constexpr int idBits = 22;
constexpr uint32_t idMask = (1u << idBits) - 1;
constexpr int keyBits = 32 + idBits;

template <class To, class From>
GATUN_EVERYWHERE To bits(From from) {
  static_assert(sizeof(To) == sizeof(From));
  To to;
  memcpy(&to, &from, sizeof to);
  return to;
}

// Rises with the logit and, at equal logits, falls with the id; never 0 but for NaN. -0 and 0 are equal logits.
GATUN_EVERYWHERE uint64_t key(float logit, uint32_t id) {
  const auto word = bits<uint32_t>(logit + 0.0f);
  const uint32_t ordered = word ^ (word >> 31 != 0 ? 0xffffffffu : 0x80000000u);
  return static_cast<uint64_t>(ordered) << idBits | (idMask - id);
}

GATUN_EVERYWHERE float logitOf(uint64_t key) {
  const auto ordered = static_cast<uint32_t>(key >> idBits);
  return bits<float>(ordered ^ (ordered >> 31 != 0 ? 0x80000000u : 0xffffffffu));
}

GATUN_EVERYWHERE int32_t idOf(uint64_t key) {
  return static_cast<int32_t>(idMask - (static_cast<uint32_t>(key) & idMask));
}

// Whether a row of masks lets a token be drawn.
GATUN_EVERYWHERE bool allows(const uint32_t *mask, uint64_t id) { return (mask[id / 32] >> (id % 32) & 1) != 0; }

// e^below * 2^40 rounded down; below = logit - greatest logit, 0 or less. e^r is a Taylor polynomial of degree 7 on
// |r| <= ln 2 / 2 whose remainder is below 6e-9; with fp32's roundings the weight is within 2e-7 of its value, or 1.
GATUN_EVERYWHERE uint64_t weight(float below) {
  if (!(below > -28.0f)) {
    return 0;
  }
  constexpr float nearest = 0x1.8p23f;  // added and taken away, it rounds to an integer
  const float n = (below * 0x1.715476p0f + nearest) - nearest;
  const float r = (below - n * 0x1.63p-1f) + n * 0x1.bd0106p-13f;  // ln 2 = the first, of 9 bits, less the second
  float p = 1.0f / 5040;
  p = p * r + 1.0f / 720;
  p = p * r + 1.0f / 120;
  p = p * r + 1.0f / 24;
  p = p * r + 1.0f / 6;
  p = p * r + 0.5f;
  p = p * r + 1.0f;
  p = p * r + 1.0f;
  const float power = bits<float>((static_cast<int32_t>(n) + 40 + 127) << 23);
  return static_cast<uint64_t>(p * power);
}

// The upper 64 bits of a product of 128.
GATUN_EVERYWHERE uint64_t upperProduct(uint64_t a, uint64_t b) {
  const uint64_t a0 = a & 0xffffffffu, a1 = a >> 32, b0 = b & 0xffffffffu, b1 = b >> 32;
  const uint64_t middle = a1 * b0 + (a0 * b0 >> 32);
  return a1 * b1 + (middle >> 32) + ((a0 * b1 + (middle & 0xffffffffu)) >> 32);
}

// Philox4x32-10 (source: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011): 53 bits
// of the first two words for counter `position` and key `seed`, as a fraction of 2^64.
GATUN_EVERYWHERE uint64_t uniform(int64_t seed, int64_t position) {
  uint32_t x[4] = {static_cast<uint32_t>(position), static_cast<uint32_t>(position >> 32), 0, 0};
  uint32_t key0 = static_cast<uint32_t>(seed), key1 = static_cast<uint32_t>(seed >> 32);
  for (int round = 0; round < 10; ++round) {
    const uint64_t product0 = uint64_t{0xD2511F53} * x[0], product1 = uint64_t{0xCD9E8D57} * x[2];
    x[0] = static_cast<uint32_t>(product1 >> 32) ^ x[1] ^ key0;
    x[2] = static_cast<uint32_t>(product0 >> 32) ^ x[3] ^ key1;
    x[1] = static_cast<uint32_t>(product1);
    x[3] = static_cast<uint32_t>(product0);
    key0 += 0x9E3779B9u;
    key1 += 0xBB67AE85u;
  }
  return (static_cast<uint64_t>(x[0] >> 5) << 26 | x[1] >> 6) << 11;
}

// The cumulative weight, less than the total, at which the draw falls.
GATUN_EVERYWHERE uint64_t target(const gk_sampling &sampling, uint64_t total) {
  return upperProduct(uniform(sampling.seed, sampling.position), total);
}

// The weight that the candidates which top-p keeps reach; 1 to total, so that there is one.
GATUN_EVERYWHERE uint64_t massOf(double share, uint64_t total) {
  const double mass = share * static_cast<double>(total);
  const auto whole = static_cast<uint64_t>(mass);
  const uint64_t up = whole + (static_cast<double>(whole) < mass ? 1 : 0);
  return up < 1 ? 1 : up > total ? total : up;
}

// Stage `at` of the chain: enum gk_stage.
GATUN_EVERYWHERE int32_t stage(const gk_sampling &sampling, int at) { return sampling.chain >> (4 * at) & 15; }
constexpr int stages = 4;

}  // namespace gatun::draw

// latents.hpp: a latent cache with sequences in it, steps over it, and what double precision says of both; for tests of
// either back end.
#pragma once

#include <algorithm>
#include <cmath>

#include "cache_values.hpp"
#include "contract.hpp"

namespace gatun::test {

struct LatentShape {
  int heads;
  int latent;
  int rope;  // elements behind the latent
  int type;
  std::vector<int> lengths;  // of the sequences
  int dim() const { return latent + rope; }
};

inline std::string name(const LatentShape &s) {
  return std::to_string(s.heads) + " heads, latents of " + std::to_string(s.latent) + " + " + std::to_string(s.rope) +
         ", " + cacheTypeName(s.type);
}

// The latent at a slot of a page of the CPU back end.
inline std::vector<float> storedLatent(const gk_cache &cache, int32_t page, int64_t slot) {
  const int32_t type = cache.key_dtype;
  const int64_t dim = cache.head_dim, scales = cpu::cacheScales(type, dim);
  const uint8_t *const plane = static_cast<const uint8_t *>(cache.pages) + page * cpu::cachePageBytesOf(cache);
  std::vector<float> latent;
  for (int64_t d = 0; d < dim; ++d) {
    const float code = valueCode(type, plane, dim, d, slot);
    latent.push_back(scales == 0 ? code : code * scaleAt(type, plane, dim, slot * scales + d * scales / dim));
  }
  return latent;
}

// How far from `x` a type may store it; most: the greatest magnitude of its block.
inline double latentRounding(int32_t type, double x, double most) {
  const double exact = 4e-6 * (1 + std::fabs(x));
  switch (type) {
    case GK_F16:
      return exact + std::fabs(x) * 0x1p-11 + 0x1p-25;
    case GK_BF16:
      return exact + std::fabs(x) * 0x1p-8;
    case GK_F8:
      return exact + std::fabs(x) * 0x1p-4 + 0x1p-10;
    case GK_Q8_0:
      return exact + most / 127 * 0.5 + std::fabs(x) * 0x1p-11;
    default:
      return exact;
  }
}

// All tokens of the sequences: what LatentStore and Attention take of each, and what they must give.
class Latents {
 public:
  Latents(const LatentShape &shape, uint64_t seed) : s(shape), random(seed) {
    for (const int length : s.lengths) {
      starts.push_back(tokens);
      tokens += length;
      maxPages = std::max(maxPages, (length + GK_PAGE_TOKENS - 1) / GK_PAGE_TOKENS + 1);
    }
    fill(q, tokens * s.heads * qWidth(), 2);
    fill(absorbed, tokens * s.heads * s.dim(), 2);
    fill(kv, tokens * s.dim(), 2);
    fill(norm, s.latent, 1);
    for (float &weight : norm) {
      weight += 1.5f;
    }
    for (int i = 0; i < maxPages * static_cast<int>(s.lengths.size()); ++i) {
      pageTable.push_back(i);
    }
    for (size_t i = pageTable.size(); i > 1; --i) {
      std::swap(pageTable[i - 1], pageTable[static_cast<size_t>(random.below(static_cast<int>(i)))]);
    }
  }

  int64_t token(int32_t sequence, int32_t position) const { return starts[static_cast<size_t>(sequence)] + position; }
  int64_t qWidth() const { return s.rope + 16; }  // of a head: elements that do not turn come first
  float scale() const { return 1 / std::sqrt(static_cast<float>(s.dim())); }
  gk_cache cacheAt(void *pages) const {
    return {pages, static_cast<int32_t>(pageTable.size()), 1, s.dim(), s.type, s.type, s.latent};
  }
  // Cosines, then sines, of a position.
  void angles(int32_t position, float *to) const {
    for (int i = 0; i < s.rope / 2; ++i) {
      const double angle = position * std::pow(10000.0, -2.0 * i / s.rope);
      to[i] = static_cast<float>(std::cos(angle));
      to[s.rope / 2 + i] = static_cast<float>(std::sin(angle));
    }
  }

  // A key of `rope` elements, turned, in double precision; pairs lie side by side.
  std::vector<double> turned(const float *from, int32_t position) const {
    std::vector<float> table(static_cast<size_t>(s.rope));
    angles(position, table.data());
    std::vector<double> key;
    for (int i = 0; i < s.rope; i += 2) {
      const double a = static_cast<double>(from[i]), b = static_cast<double>(from[i + 1]);
      const double c = static_cast<double>(table[size_t(i / 2)]);
      const double n = static_cast<double>(table[size_t(s.rope / 2 + i / 2)]);
      key.push_back(a * c - b * n);
      key.push_back(b * c + a * n);
    }
    return key;
  }

  // What a token's cache entry must be, but for the rounding of its type.
  std::vector<double> entry(int32_t sequence, int32_t position) const {
    const float *const from = kv.data() + token(sequence, position) * s.dim();
    double squares = 0;
    for (int d = 0; d < s.latent; ++d) {
      squares += static_cast<double>(from[d]) * static_cast<double>(from[d]);
    }
    std::vector<double> latent;
    for (int d = 0; d < s.latent; ++d) {
      latent.push_back(static_cast<double>(from[d]) * static_cast<double>(norm[size_t(d)]) /
                       std::sqrt(squares / s.latent + 1e-6));
    }
    const std::vector<double> key = turned(from + s.latent, position);
    latent.insert(latent.end(), key.begin(), key.end());
    return latent;
  }

  const LatentShape s;
  Random random;
  int64_t tokens = 0;
  int maxPages = 0;
  std::vector<int64_t> starts;
  std::vector<float> q, absorbed, kv, norm;
  std::vector<int32_t> pageTable;

 private:
  void fill(std::vector<float> &values, int64_t n, float scale) {
    for (int64_t i = 0; i < n; ++i) {
      values.push_back(random.uniform() * scale);
    }
  }
};

// Probabilities of `count` latents to one query, in double precision.
inline std::vector<double> latentProbabilities(const float *query, float scale,
                                               const std::vector<std::vector<float>> &entries, int count) {
  std::vector<double> p;
  double total = 0, top = -INFINITY;
  for (int t = 0; t < count; ++t) {
    double dot = 0;
    for (size_t d = 0; d < entries[size_t(t)].size(); ++d) {
      dot += static_cast<double>(entries[size_t(t)][d]) * static_cast<double>(query[d]);
    }
    p.push_back(dot * static_cast<double>(scale));
    top = std::max(top, p.back());
  }
  for (double &each : p) {
    each = std::exp(each - top);
    total += each;
  }
  for (double &each : p) {
    each /= total;
  }
  return p;
}

// Their sum of the first `latent` elements.
inline std::vector<double> attendLatents(const std::vector<double> &probabilities, int latent,
                                         const std::vector<std::vector<float>> &entries) {
  std::vector<double> y(static_cast<size_t>(latent), 0.0);
  for (size_t t = 0; t < probabilities.size(); ++t) {
    for (size_t d = 0; d < y.size(); ++d) {
      y[d] += probabilities[t] * static_cast<double>(entries[t][d]);
    }
  }
  return y;
}

}  // namespace gatun::test

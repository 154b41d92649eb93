// latent_rounding.hpp: how far GK_COMPUTE_INT16 may take attention to latents from the exact result.
//
// Each rounding to an integer errs by at most half a unit, evenly and apart from the others: its variance is unit^2 /
// 12. The bound is six standard deviations of what that makes of a result, to first order. A score that errs by e moves
// the result by p * e * (value - result).
#pragma once

#include "latents.hpp"

namespace gatun::test {

// A vector as 16-bit integers.
struct Int16Rounding {
  double unit = 0;      // what an integer of 1 stands for
  double norm = 0;      // of the vector
  double greatest = 0;  // magnitude
  Int16Rounding(const float *x, int n) {
    for (int i = 0; i < n; ++i) {
      norm += static_cast<double>(x[i]) * static_cast<double>(x[i]);
      greatest = std::max(greatest, std::fabs(static_cast<double>(x[i])));
    }
    norm = std::sqrt(norm);
    unit = std::max({greatest / 32767, norm / 46300, 1e-30 / 32767});
  }
};

// A key or a query: its latent and the rest.
struct Int16Key {
  Int16Rounding latent, rest;
  Int16Key(const float *x, int latentSize, int dim) : latent(x, latentSize), rest(x + latentSize, dim - latentSize) {}
};

class LatentRounding {
 public:
  LatentRounding(const LatentShape &shape, float scale) : s_(shape), scale_(static_cast<double>(scale)) {}

  // The next token of the sequence.
  void add(const std::vector<float> &entry) { keys_.emplace_back(entry.data(), s_.latent, s_.dim()); }

  // Of each element of a result: y = sum of p * entries.
  std::vector<double> bounds(const float *query, const std::vector<double> &p, const std::vector<double> &y,
                             const std::vector<std::vector<float>> &entries) const {
    const Int16Key q(query, s_.latent, s_.dim());
    std::vector<double> variance(y.size(), 0.0), alike(y.size(), 0.0);
    for (size_t begin = 0; begin < p.size(); begin += GK_PAGE_TOKENS) {
      const size_t end = std::min(begin + GK_PAGE_TOKENS, p.size());
      double top = 0, sum = 0;
      for (size_t t = begin; t < end; ++t) {
        const Int16Rounding &value = keys_[t].latent;
        top = std::max(top, p[t] * value.unit);
        sum += p[t] * (value.greatest + value.unit);
      }
      const double weightUnit = std::max(top / 32767, sum / (0x1p31 - 0x1p20));
      for (size_t t = begin; t < end; ++t) {
        addToken(q, keys_[t], p[t], weightUnit, entries[t], y, variance, alike);
      }
    }
    std::vector<double> bounds;
    for (size_t d = 0; d < y.size(); ++d) {
      bounds.push_back(6 * std::sqrt(variance[d] / 12 + alike[d] * alike[d] / 12));
    }
    return bounds;
  }

 private:
  // alike: what the query's roundings do to all scores may add up.
  void addToken(const Int16Key &q, const Int16Key &key, double p, double weightUnit, const std::vector<float> &entry,
                const std::vector<double> &y, std::vector<double> &variance, std::vector<double> &alike) const {
    const double ofKey = scale_ * std::hypot(key.latent.unit * q.latent.norm, key.rest.unit * q.rest.norm);
    const double ofQuery = scale_ * std::hypot(q.latent.unit * key.latent.norm, q.rest.unit * key.rest.norm);
    for (size_t d = 0; d < y.size(); ++d) {
      const double value = static_cast<double>(entry[d]), away = p * std::fabs(value - y[d]);
      const double weight = weightUnit * value / key.latent.unit;
      variance[d] += away * ofKey * away * ofKey + p * key.latent.unit * p * key.latent.unit + weight * weight;
      alike[d] += away * ofQuery;
    }
  }

  const LatentShape s_;
  const double scale_;
  std::vector<Int16Key> keys_;
};

}  // namespace gatun::test

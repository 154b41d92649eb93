// sample.cpp: Sample. Bytes moved: 4 limit a row, limit / 8 of its mask, and 8 for each candidate ranked. Operations: a
// comparison a logit; about 20 for each weight.
#include <algorithm>
#include <functional>
#include <limits>
#include <vector>

#include "checks.hpp"
#include "draw.hpp"
#include "ops.hpp"

namespace gatun::cpu {
namespace {

// The tokens still in play: the whole vocabulary by id until the first cut, from then on by falling key.
class Candidates {
 public:
  Candidates(const float *logits, int64_t count) : keys_(static_cast<size_t>(count)) {
    // Loops of their own, which the compiler makes vectors of.
    int others = 0;
    for (size_t i = 0; i < keys_.size(); ++i) {
      others |= logits[i] < std::numeric_limits<float>::infinity() ? 0 : 1;
    }
    for (size_t i = 0; i < keys_.size(); ++i) {
      keys_[i] = draw::key(logits[i], static_cast<uint32_t>(i));
    }
    numbers_ = others == 0;
    greatest_ = greatestKey();
  }

  // Whether every logit is a number that may be drawn from.
  bool numbers() const { return numbers_; }
  bool banned() const { return draw::logitOf(greatest_) == -std::numeric_limits<float>::infinity(); }
  uint64_t greatest() const { return greatest_; }

  void divide(float temperature) {
    for (uint64_t &key : keys_) {
      key = draw::key(draw::logitOf(key) / temperature, static_cast<uint32_t>(draw::idOf(key)));
    }
    greatest_ = greatestKey();
    numbers_ = draw::logitOf(greatest_) < std::numeric_limits<float>::infinity();
    if (sorted_ > 0) {
      rank(sorted_);  // what was unequal may have become equal
    }
  }

  void keepTop(int32_t count) {
    rank(static_cast<size_t>(count));
    keys_.resize(sorted_);
  }

  void keepShare(double share) {
    const uint64_t mass = draw::massOf(share, total());
    keys_.resize(reach(mass) + 1);
    sorted_ = keys_.size();
  }

  void keepLikely(float logarithm) {
    const float least = draw::logitOf(greatest_) + logarithm;
    std::erase_if(keys_, [&](uint64_t key) { return draw::logitOf(key) < least; });
    rank(keys_.size());
  }

  // The token drawn, and its probability.
  int32_t take(const gk_sampling &sampling, float *probability) {
    const uint64_t all = total();
    const uint64_t key =
        keys_[sorted_ > 0 ? reach(draw::target(sampling, all) + 1) : reachById(draw::target(sampling, all) + 1)];
    *probability = static_cast<float>(static_cast<double>(weight(key)) / static_cast<double>(all));
    return draw::idOf(key);
  }

 private:
  // Four at a time, since each comparison waits for the one before it.
  uint64_t greatestKey() const {
    uint64_t most[4] = {};
    size_t i = 0;
    for (; i + 4 <= keys_.size(); i += 4) {
      for (size_t j = 0; j < 4; ++j) {
        most[j] = std::max(most[j], keys_[i + j]);
      }
    }
    for (; i < keys_.size(); ++i) {
      most[0] = std::max(most[0], keys_[i]);
    }
    return *std::max_element(most, most + 4);
  }

  uint64_t weight(uint64_t key) const { return draw::weight(draw::logitOf(key) - draw::logitOf(greatest_)); }

  uint64_t total() const {
    uint64_t sum = 0;
    for (const uint64_t key : keys_) {
      sum += weight(key);
    }
    return sum;
  }

  // Brings the `count` greatest to the front, in order.
  void rank(size_t count) {
    sorted_ = std::min(count, keys_.size());
    const auto end = keys_.begin() + static_cast<std::ptrdiff_t>(sorted_);
    std::partial_sort(keys_.begin(), end, keys_.end(), std::greater<>());
  }

  // Index of the first in order of rank with which the weights add up to `mass`; ranks as many as that takes.
  size_t reach(uint64_t mass) {
    uint64_t sum = 0;
    for (size_t i = 0;; ++i) {
      if (i >= sorted_) {
        rank(std::max<size_t>(256, 16 * i));
      }
      sum += weight(keys_[i]);
      if (sum >= mass) {
        return i;
      }
    }
  }

  size_t reachById(uint64_t mass) const {
    uint64_t sum = 0;
    size_t i = 0;
    while ((sum += weight(keys_[i])) < mass) {
      ++i;
    }
    return i;
  }

  std::vector<uint64_t> keys_;
  uint64_t greatest_ = 0;
  size_t sorted_ = 0;  // how many of the greatest stand in front, in order; 0: in order of id
  bool numbers_ = true;
};

void run(Candidates &candidates, const gk_sampling &sampling, int32_t stage) {
  switch (stage) {
    case GK_STAGE_TOP_K:
      if (sampling.top_k > 0) candidates.keepTop(sampling.top_k);
      break;
    case GK_STAGE_TOP_P:
      if (sampling.top_p < 1) candidates.keepShare(sampling.top_p);
      break;
    case GK_STAGE_MIN_P:
      if (sampling.min_p > -std::numeric_limits<float>::infinity()) candidates.keepLikely(sampling.min_p);
      break;
    case GK_STAGE_TEMPERATURE:
      candidates.divide(sampling.temperature);
      break;
    default:
      break;
  }
}

int32_t drawToken(const float *logits, const gk_sampling &sampling, float *probability) {
  Candidates candidates(logits, sampling.limit);
  *probability = 0;
  for (int i = 0; i <= draw::stages; ++i) {
    if (!candidates.numbers()) {
      return GK_NOT_A_NUMBER;
    }
    if (candidates.banned()) {
      return GK_ALL_BANNED;
    }
    if (sampling.temperature == 0) {
      *probability = 1;
      return draw::idOf(candidates.greatest());
    }
    if (i < draw::stages) {
      run(candidates, sampling, draw::stage(sampling, i));
    }
  }
  return candidates.take(sampling, probability);
}

// The first `count` logits, those of masked ids -infinity: by bits, not by branches, which random masks mislead.
std::vector<float> unmasked(const float *logits, const uint32_t *mask, int64_t count) {
  std::vector<float> all(static_cast<size_t>(count));
  const auto keepWord = [&](int64_t first, int64_t ids) {
    const uint32_t word = mask[first / 32], banned = draw::bits<uint32_t>(-std::numeric_limits<float>::infinity());
    float *to = all.data() + first;
    for (int64_t i = 0; i < ids; ++i) {
      const uint32_t keep = (word & 1u << i) != 0 ? ~0u : 0u;
      to[i] = draw::bits<float>((draw::bits<uint32_t>(logits[first + i]) & keep) | (banned & ~keep));
    }
  };
  int64_t first = 0;
  for (; first + 32 <= count; first += 32) {
    keepWord(first, 32);
  }
  if (first < count) {
    keepWord(first, count - first);
  }
  return all;
}

struct Work {
  const gk_tensor &logits;
  const gk_sampling *sampling;
  const gk_tensor *masks;
  int32_t *tokens;
  float *probabilities;
};

const uint32_t *maskOf(const gk_tensor *masks, int32_t row) {
  return masks == nullptr || row < 0 ? nullptr : static_cast<const uint32_t *>(masks->data) + row * masks->stride;
}

void drawRows(void *arg, int64_t begin, int64_t end, int) {
  const Work &work = *static_cast<const Work *>(arg);
  for (int64_t r = begin; r < end; ++r) {
    const float *logits = static_cast<const float *>(work.logits.data) + r * work.logits.stride;
    float probability;
    const gk_sampling &sampling = work.sampling[r];
    const uint32_t *mask = maskOf(work.masks, sampling.mask);
    const std::vector<float> some = mask == nullptr ? std::vector<float>() : unmasked(logits, mask, sampling.limit);
    work.tokens[r] = drawToken(mask == nullptr ? logits : some.data(), sampling, &probability);
    if (work.probabilities != nullptr) {
      work.probabilities[r] = probability;
    }
  }
}

}  // namespace

void checkSampling(const gk_sampling *sampling, const gk_tensor &logits, const gk_tensor *masks) {
  for (int64_t r = 0; r < logits.rows; ++r) {
    const gk_sampling &s = sampling[r];
    const auto row = static_cast<long long>(r);
    if (!(s.temperature == 0 || (s.temperature >= 1e-3f && s.temperature <= 1e6f))) {
      checks::refuse("sampling[%lld].temperature is %g, expected 0, or 0.001 to 1000000", row,
                     static_cast<double>(s.temperature));
    }
    if (!(s.top_p >= 0 && s.top_p <= 1)) {
      checks::refuse("sampling[%lld].top_p is %g, expected 0 to 1", row, s.top_p);
    }
    if (!(s.min_p <= 0)) {
      checks::refuse("sampling[%lld].min_p is %g, expected the logarithm of a share, 0 or less", row,
                     static_cast<double>(s.min_p));
    }
    if (s.limit < 1 || s.limit > logits.cols) {
      checks::refuse("sampling[%lld].limit is %d, expected 1 to logits.cols, which is %lld", row, s.limit,
                     static_cast<long long>(logits.cols));
    }
    if (masks != nullptr && (s.mask < -1 || s.mask >= masks->rows)) {
      checks::refuse("sampling[%lld].mask is %d, expected -1, or a row of masks, which has %lld", row, s.mask,
                     static_cast<long long>(masks->rows));
    }
    uint32_t seen = 1u << GK_STAGE_END;
    for (uint32_t rest = static_cast<uint32_t>(s.chain); rest != 0; rest >>= 4) {
      if ((rest & 15) > GK_STAGE_TEMPERATURE || (seen >> (rest & 15) & 1) != 0) {
        checks::refuse("sampling[%lld].chain is 0x%x, expected each of the stages 1 to 4 at most once", row,
                       static_cast<unsigned>(s.chain));
      }
      seen |= 1u << (rest & 15);
    }
  }
}

void sample(Pool &pool, const gk_tensor &logits, const gk_sampling *sampling, const gk_tensor *masks,
            const gk_tensor &tokens, float *probabilities) {
  Work work{logits, sampling, masks, static_cast<int32_t *>(tokens.data), probabilities};
  pool.parallelFor(logits.rows, 1, drawRows, &work);
}

}  // namespace gatun::cpu

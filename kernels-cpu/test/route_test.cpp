// route_test.cpp: Route against double precision (weights within 1e-6 of their scale), its ties, and bit-equality.
#include <algorithm>
#include <cmath>

#include "contract.hpp"

using namespace gatun::test;

namespace {

// Numbers before what is none, the greater before the lesser.
bool precedes(double a, double b) { return std::isnan(b) ? !std::isnan(a) : a > b; }

// Indices 0 to n - 1 in the order of their values, of equals the lower first.
std::vector<int64_t> ranked(const std::vector<double> &values) {
  std::vector<int64_t> order;
  for (size_t i = 0; i < values.size(); ++i) {
    order.push_back(static_cast<int64_t>(i));
  }
  std::stable_sort(order.begin(), order.end(),
                   [&](int64_t a, int64_t b) { return precedes(values[size_t(a)], values[size_t(b)]); });
  return order;
}

struct Choice {
  std::vector<int64_t> ids;
  std::vector<double> weights;
};

// What kernels.h says, one step after the other.
Choice choose(const gk_router &router, const float *logits, int64_t experts, int64_t k) {
  std::vector<double> scores, ranks;
  double total = 0, top = -INFINITY;
  for (int64_t e = 0; e < experts; ++e) {
    top = std::max(top, static_cast<double>(logits[e]));
  }
  for (int64_t e = 0; e < experts; ++e) {
    const double x = static_cast<double>(logits[e]);
    scores.push_back(router.scoring == GK_SCORING_SIGMOID ? 1 / (1 + std::exp(-x)) : std::exp(x - top));
    total += scores.back();
  }
  for (int64_t e = 0; e < experts; ++e) {
    scores[size_t(e)] /= router.scoring == GK_SCORING_SIGMOID ? 1 : total;
    ranks.push_back(scores[size_t(e)] + (router.bias != nullptr ? static_cast<double>(router.bias[e]) : 0));
  }
  const int64_t size = experts / router.groups;
  std::vector<double> sums;
  for (int64_t g = 0; g < router.groups; ++g) {
    const std::vector<double> own(ranks.begin() + g * size, ranks.begin() + (g + 1) * size);
    const std::vector<int64_t> order = ranked(own);
    sums.push_back(own[size_t(order[0])] + (size > 1 ? own[size_t(order[1])] : 0));
  }
  std::vector<bool> stays(sums.size(), false);
  const std::vector<int64_t> groups = ranked(sums);
  for (int32_t i = 0; i < router.chosen_groups; ++i) {
    stays[size_t(groups[size_t(i)])] = true;
  }
  Choice choice;
  double sum = 0;
  for (const int64_t e : ranked(ranks)) {
    if (stays[size_t(e / size)] && static_cast<int64_t>(choice.ids.size()) < k) {
      choice.ids.push_back(e);
      choice.weights.push_back(scores[size_t(e)]);
      sum += scores[size_t(e)];
    }
  }
  for (double &weight : choice.weights) {
    weight = weight / (router.normalize != 0 ? sum + 1e-20 : 1) * static_cast<double>(router.scale);
  }
  return choice;
}

void check(const char *what, const gk_router &router, const Array<float> &logits, int64_t experts, int64_t k) {
  const int64_t tokens = logits.size() / experts;
  std::unique_ptr<Array<float>> first;
  for (int isa = GK_ISA_PLAIN; isa <= bestIsa(); ++isa) {
    for (int threads : {1, 3}) {
      const Queue queue(threads, isa);
      auto weights = std::make_unique<Array<float>>(tokens * k);
      const Array<int32_t> chosen(tokens * k);
      const gk_tensor l = tensor(logits.data(), tokens, experts), i = ids(chosen.data(), tokens, k),
                      w = tensor(weights->data(), tokens, k);
      OK(gk_route(queue, &router, &l, &i, &w));
      for (int64_t t = 0; t < tokens; ++t) {
        const Choice expected = choose(router, logits.data() + t * experts, experts, k);
        for (int64_t j = 0; j < k; ++j) {
          const double weight = expected.weights[size_t(j)], found = static_cast<double>((*weights)[t * k + j]);
          CHECK(chosen[t * k + j] == expected.ids[size_t(j)], "%s: token %ld choice %ld is %d, expected %ld", what,
                long(t), long(j), chosen[t * k + j], long(expected.ids[size_t(j)]));
          CHECK(std::isnan(weight) ? std::isnan(found)
                                   : std::fabs(found - weight) <= 1e-6 * static_cast<double>(router.scale),
                "%s: token %ld choice %ld weighs %.9g, expected %.9g", what, long(t), long(j), found, weight);
        }
      }
      if (!first) {
        first = std::move(weights);
      } else {
        CHECK(weights->sameBits(*first), "%s: isa %d, %d threads", what, isa, threads);
      }
    }
  }
}

struct Kind {
  int32_t scoring, groups, chosenGroups, normalize;
  float scale;
  bool biased;
};

void checkShape(int64_t tokens, int64_t experts, int64_t k, const Kind &kind) {
  Random random(static_cast<uint64_t>(experts * 100 + k));
  const Array<float> bias(experts, random, 0.3f);
  const gk_router router = {
      kind.biased ? bias.data() : nullptr, kind.scoring, kind.groups, kind.chosenGroups, kind.normalize, kind.scale, 0};
  check("random", router, Array<float>(tokens * experts, random, 4), experts, k);
  Array<float> few(tokens * experts, random, 4);  // ties everywhere, zeros of both signs among them
  for (int64_t i = 0; i < few.size(); ++i) {
    few[i] = std::round(few[i] / 2);
  }
  if (!kind.biased) {
    check("ties", router, few, experts, k);
    check("all alike", router, Array<float>(std::vector<float>(size_t(experts), 0.5f)), experts, k);
  }
}

// Every token has the same favourites: one expert is chosen by all, most by none.
void favourites() {
  Array<float> logits(40 * 64);
  for (int64_t i = 0; i < logits.size(); ++i) {
    logits[i] = i % 64 == 17 ? 9.0f : -0.1f * static_cast<float>(i % 64);
  }
  check("favourites", {nullptr, GK_SCORING_SIGMOID, 8, 2, 1, 2.5f, 0}, logits, 64, 4);
}

// Broken weights give logits that are no numbers; the ids must still be experts, numbers before the others.
void notNumbers() {
  Array<float> logits(3 * 32);
  for (int64_t i = 0; i < logits.size(); ++i) {
    logits[i] = i < 32 || i % 3 == 0 ? NAN : static_cast<float>(i % 7);
  }
  logits[95] = INFINITY, logits[94] = -INFINITY;
  check("not a number", {nullptr, GK_SCORING_SIGMOID, 1, 1, 1, 1, 0}, logits, 32, 20);
  check("not a number, groups", {nullptr, GK_SCORING_SIGMOID, 8, 4, 0, 1, 0}, logits, 32, 16);
  const Array<float> nothing(std::vector<float>(20, NAN));
  check("no number at all", {nullptr, GK_SCORING_SOFTMAX, 1, 1, 1, 1, 0}, nothing, 20, 3);
  std::vector<float> bias(32, 0.0f);
  bias[3] = NAN;
  check("a bias that is none", {bias.data(), GK_SCORING_SIGMOID, 4, 2, 1, 1, 0},
        Array<float>(std::vector<float>(32, 1.0f)), 32, 16);
}

// What double precision cannot tell apart from rounding: the scores' own ties, the lower id first.
void saturatedScoresTie() {
  Array<float> logits(16);
  for (int64_t i = 0; i < 16; ++i) {
    logits[i] = 30.0f + static_cast<float>(i);  // all of them 1 in fp32
  }
  const Queue queue(1, GK_ISA_BEST);
  const Array<float> weights(4);
  const Array<int32_t> chosen(4);
  const gk_router router = {nullptr, GK_SCORING_SIGMOID, 4, 2, 1, 1, 0};
  const gk_tensor l = tensor(logits.data(), 1, 16), i = ids(chosen.data(), 1, 4), w = tensor(weights.data(), 1, 4);
  OK(gk_route(queue, &router, &l, &i, &w));
  for (int j = 0; j < 4; ++j) {
    CHECK(chosen[j] == j && weights[j] == 0.25f, "choice %d is %d", j, chosen[j]);
  }
}

}  // namespace

int main() {
  for (int normalize : {0, 1}) {
    const Kind plain = {GK_SCORING_SOFTMAX, 1, 1, normalize, 1, false};
    checkShape(9, 128, 8, plain);
    checkShape(33, 60, 4, plain);
    checkShape(2, 3, 3, plain);
    checkShape(1, 1, 1, plain);
    for (const bool biased : {false, true}) {
      checkShape(40, 256, 8, {GK_SCORING_SIGMOID, 8, 4, normalize, 2.5f, biased});
      checkShape(7, 384, 8, {GK_SCORING_SIGMOID, 1, 1, normalize, 2.827f, biased});
      checkShape(7, 24, 6, {GK_SCORING_SIGMOID, 12, 3, normalize, 1, biased});
      checkShape(5, 20, 7, {GK_SCORING_SIGMOID, 20, 7, normalize, 1, biased});  // a group an expert
      checkShape(5, 60, 4, {GK_SCORING_SOFTMAX, 3, 2, normalize, 16, biased});
    }
  }
  favourites();
  notNumbers();
  saturatedScoresTie();
  return finish();
}

// route_test.cpp: Route against double precision (weights within 1e-6), its ties, and bit-equality.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "contract.hpp"

using namespace gatun::test;

namespace {

void checkShape(int64_t tokens, int64_t experts, int64_t k, int normalize) {
  Random random(static_cast<uint64_t>(experts * 100 + k));
  const Array<float> logits(tokens * experts, random, 8);
  std::unique_ptr<Array<float>> first;
  for (int isa = GK_ISA_PLAIN; isa <= bestIsa(); ++isa) {
    for (int threads : {1, 3}) {
      const Queue queue(threads, isa);
      auto weights = std::make_unique<Array<float>>(tokens * k);
      const Array<int32_t> chosen(tokens * k);
      const gk_tensor l = tensor(logits.data(), tokens, experts), i = ids(chosen.data(), tokens, k),
                      w = tensor(weights->data(), tokens, k);
      OK(gk_route(queue, &l, normalize, &i, &w));
      for (int64_t t = 0; t < tokens; ++t) {
        const float *row = logits.data() + t * experts;
        std::vector<int> order(static_cast<size_t>(experts));
        std::iota(order.begin(), order.end(), 0);
        std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return row[a] > row[b]; });
        double total = 0, top = 0;
        for (int64_t e = 0; e < experts; ++e) {
          total += std::exp(static_cast<double>(row[e]));
        }
        for (int64_t j = 0; j < k; ++j) {
          top += std::exp(static_cast<double>(row[order[static_cast<size_t>(j)]]));
        }
        for (int64_t j = 0; j < k; ++j) {
          const int expert = order[static_cast<size_t>(j)];
          const double p = std::exp(static_cast<double>(row[expert])) / (normalize ? top : total);
          CHECK(chosen[t * k + j] == expert, "token %ld choice %ld", static_cast<long>(t), static_cast<long>(j));
          CHECK(std::fabs(static_cast<double>((*weights)[t * k + j]) - p) < 1e-6);
        }
      }
      if (!first) {
        first = std::move(weights);
      } else {
        CHECK(weights->sameBits(*first), "isa %d, %d threads", isa, threads);
      }
    }
  }
}

void tiesGoToTheLowerId() {
  const Queue queue(1, GK_ISA_BEST);
  const Array<float> logits(std::vector<float>{1, 3, 3, -2, 3, 1});
  const Array<float> weights(5);
  const Array<int32_t> chosen(5);
  const gk_tensor l = tensor(logits.data(), 1, 6), i = ids(chosen.data(), 1, 5), w = tensor(weights.data(), 1, 5);
  OK(gk_route(queue, &l, 0, &i, &w));
  const int expected[] = {1, 2, 4, 0, 5};
  for (int j = 0; j < 5; ++j) {
    CHECK(chosen[j] == expected[j], "choice %d is %d", j, chosen[j]);
  }
  CHECK(weights[0] == weights[1] && weights[3] == weights[4]);
}

// Broken weights give logits that are no numbers; the ids must still be experts.
void idsAreExpertsWhateverTheLogits() {
  const Queue queue(1, GK_ISA_BEST);
  const Array<float> logits(std::vector<float>(20, NAN)), weights(3);
  const Array<int32_t> chosen(3);
  const gk_tensor l = tensor(logits.data(), 1, 20), i = ids(chosen.data(), 1, 3), w = tensor(weights.data(), 1, 3);
  OK(gk_route(queue, &l, 1, &i, &w));
  CHECK(chosen[0] == 0 && chosen[1] == 1 && chosen[2] == 2);
}

}  // namespace

int main() {
  for (int normalize : {0, 1}) {
    checkShape(9, 128, 8, normalize);
    checkShape(33, 60, 4, normalize);
    checkShape(2, 3, 3, normalize);
    checkShape(1, 1, 1, normalize);
  }
  tiesGoToTheLowerId();
  idsAreExpertsWhateverTheLogits();
  return finish();
}

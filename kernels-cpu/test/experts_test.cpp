// experts_test.cpp: the ops over chosen experts against loops of mat_mul and gate_up, bit for bit; and down with its
// combination, and with what is shared, against one loop of both.
#include <cmath>

#include "weights.hpp"

using namespace gatun;
using namespace gatun::test;

namespace {

void testExperts(int32_t dtype, int64_t tokens, int64_t k, int64_t experts, gk_tensor Inputs::*form) {
  constexpr int64_t hidden = 256, ff = 40, inner = 256;
  cpu::Pool one(1), three(3);
  const Weights gate(one, dtype, ff, hidden, experts, 1), up(one, dtype, ff, hidden, experts, 2);
  const Weights down(one, dtype, 40, inner, experts, 3);
  const Inputs x(one, tokens, hidden, 4), h(one, tokens * k, inner, 5);
  Random random(9);
  std::vector<int32_t> chosen(static_cast<size_t>(tokens * k));
  std::vector<float> shares;
  const gk_tensor weights = tensor(shares, tokens, k);
  for (size_t i = 0; i < chosen.size(); i++) {
    chosen[i] = random.below(static_cast<int>(experts));
    shares[i] = random.uniform();
  }
  const gk_tensor ids{chosen.data(), tokens, k, k, GK_I32, 0};
  const auto expert = [](const gk_weight &w, int32_t e) {
    gk_weight part = w;
    part.data = static_cast<const uint8_t *>(w.data) + e * w.expert_stride;
    part.experts = 1;
    return part;
  };
  const auto row = [&](const Inputs &in, int64_t r) { return Inputs::row(in.*form, r); };
  std::vector<float> expectedUp, expectedDown, expectedAll, part(40), common;
  const gk_tensor shared = tensor(common, tokens, 40);
  for (float &element : common) {
    element = random.uniform();
  }
  tensor(expectedUp, tokens * k, ff);
  tensor(expectedDown, tokens, 40);
  const Isa plain = isas()[0];
  for (int64_t p = 0; p < tokens * k; p++) {
    const int32_t e = chosen[size_t(p)];
    plain.gateUp(one, expert(gate.packed, e), expert(up.packed, e), row(x, p / k),
                 {&expectedUp[size_t(p * ff)], 1, ff, ff, GK_F32, 0});
    plain.matMul(one, expert(down.packed, e), row(h, p), {part.data(), 1, 40, 40, GK_F32, 0});
    for (int64_t c = 0; c < 40; c++) {
      float &sum = expectedDown[size_t(p / k * 40 + c)];
      sum = std::fma(shares[size_t(p)], part[size_t(c)], sum);
    }
  }
  for (size_t i = 0; i < expectedDown.size(); i++) {
    expectedAll.push_back(expectedDown[i] + common[i]);
  }
  for (const Isa &isa : isas()) {
    for (cpu::Pool *pool : {&one, &three}) {
      std::vector<float> y, rows, z, all;
      const gk_tensor outUp = tensor(y, tokens * k, ff), outRows = tensor(rows, tokens * k, 40);
      const gk_tensor outDown = tensor(z, tokens, 40), outAll = tensor(all, tokens, 40);
      isa.expertGateUp(*pool, gate.packed, up.packed, x.*form, ids, outUp);
      isa.expertDown(*pool, down.packed, h.*form, ids, outRows);
      isa.expertCombine(*pool, outRows, weights, nullptr, outDown);
      isa.expertCombine(*pool, outRows, weights, &shared, outAll);
      CHECK(std::memcmp(y.data(), expectedUp.data(), y.size() * 4) == 0, "%s gate_up type %d tokens %ld", isa.name,
            dtype, long(tokens));
      CHECK(std::memcmp(z.data(), expectedDown.data(), z.size() * 4) == 0, "%s down type %d tokens %ld", isa.name,
            dtype, long(tokens));
      CHECK(std::memcmp(all.data(), expectedAll.data(), all.size() * 4) == 0, "%s with what is shared, tokens %ld",
            isa.name, long(tokens));
    }
  }
  // Rows without an expert here are not touched.
  for (size_t p = 0; p < chosen.size(); p += 2) {
    chosen[p] = -1;
    std::fill_n(&expectedUp[p * ff], ff, 7.0f);
  }
  for (const Isa &isa : isas()) {
    std::vector<float> y(expectedUp.size(), 7.0f), rows(size_t(tokens * k * 40), 7.0f);
    const gk_tensor outUp{y.data(), tokens * k, ff, ff, GK_F32, 0};
    const gk_tensor outRows{rows.data(), tokens * k, 40, 40, GK_F32, 0};
    isa.expertGateUp(three, gate.packed, up.packed, x.*form, ids, outUp);
    isa.expertDown(three, down.packed, h.*form, ids, outRows);
    CHECK(std::memcmp(y.data(), expectedUp.data(), y.size() * 4) == 0, "%s gate_up of some, type %d tokens %ld",
          isa.name, dtype, long(tokens));
    for (size_t i = 0; i < rows.size(); i++) {
      const size_t p = i / 40;
      CHECK((rows[i] == 7.0f) == (p % 2 == 0), "%s down of some, row %ld", isa.name, long(p));
    }
  }
}

}  // namespace

int main() {
  for (const int64_t tokens : {1, 2, 7, 50}) {
    testExperts(GK_Q4_K, tokens, 4, 8, &Inputs::int8);
    testExperts(GK_Q6_K, tokens, 4, 8, &Inputs::int16);
    testExperts(GK_Q8_0, tokens, 2, 16, &Inputs::fp32);
    testExperts(GK_BF16, tokens, 3, 5, &Inputs::fp32);
  }
  return finish();
}

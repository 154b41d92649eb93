// tensor_cores.cpp: what the lanes of a warp do together. Fragments as in device/dialect_cuda.hpp: lane = 4 g + t.
#include "emulation/tensor_cores.hpp"

#include <cstring>
#include <vector>

#include "emulation/dialect_emulated.hpp"
#include "emulation/races.hpp"

namespace gatun::cuda {
namespace {

using emulation::Site;
using emulation::warpLanes;

constexpr int rows = 16, columns = 8;

// What a lane brings to a product; `words` of k in each half: a[0], a[1] rows g, g + 8 of the first half of k, a[2],
// a[3] of the second.
template <class Sum>
struct Product {
  Sum *d;
  const uint32_t *a;
  const uint32_t *b;
};

// Gathers the operands' elements from the lanes: a (16, k), b (8 columns, k), in `Halves` halves of k.
template <class Sum, class Element, int Halves>
struct Operands {
  static constexpr int perWord = 4 / sizeof(Element), k = Halves * 4 * perWord;
  Element a[rows][k], b[columns][k];

  explicit Operands(void *const *brought) {
    for (int lane = 0; lane < warpLanes; ++lane) {
      const auto &p = *static_cast<const Product<Sum> *>(brought[lane]);
      const int g = lane / 4, t = lane % 4;
      for (int half = 0; half < Halves; ++half) {
        const int at = (4 * half + t) * perWord;
        std::memcpy(&a[g][at], &p.a[2 * half], 4);
        std::memcpy(&a[g + 8][at], &p.a[2 * half + 1], 4);
        std::memcpy(&b[g][at], &p.b[half], 4);
      }
    }
  }
};

// Where a lane's sums are: d[0], d[1] row g, columns 2 t, 2 t + 1; d[2], d[3] row g + 8.
template <class Sum>
Sum &sumAt(void *const *brought, int row, int column) {
  const auto &p = *static_cast<const Product<Sum> *>(brought[row % 8 * 4 + column / 2]);
  return p.d[row / 8 * 2 + column % 2];
}

template <int Halves>
void multiplyInt8(void *const *brought) {
  const Operands<int32_t, int8_t, Halves> operands(brought);
  for (int row = 0; row < rows; ++row) {
    for (int column = 0; column < columns; ++column) {
      int32_t dot = 0;
      for (int i = 0; i < operands.k; ++i) {
        dot += operands.a[row][i] * operands.b[column][i];
      }
      int32_t &d = sumAt<int32_t>(brought, row, column);
      d = static_cast<int32_t>(static_cast<uint32_t>(d) + static_cast<uint32_t>(dot));  // wraps
    }
  }
}

float ofF16(uint16_t bits) {
  static const std::vector<float> values = [] {
    std::vector<float> all;
    for (uint32_t i = 0; i < 65536; ++i) {
      all.push_back(fromF16(static_cast<uint16_t>(i)));
    }
    return all;
  }();
  return values[bits];
}

template <float (*Value)(uint16_t)>
void multiplyFloats(void *const *brought) {
  const Operands<float, uint16_t, 2> operands(brought);
  constexpr int k = operands.k;
  float b[k][columns];
  for (int column = 0; column < columns; ++column) {
    for (int i = 0; i < k; ++i) {
      b[i][column] = Value(operands.b[column][i]);
    }
  }
  for (int row = 0; row < rows; ++row) {
    float sums[columns];
    for (int column = 0; column < columns; ++column) {
      sums[column] = sumAt<float>(brought, row, column);
    }
    for (int i = 0; i < k; ++i) {
      const float a = Value(operands.a[row][i]);
      for (int column = 0; column < columns; ++column) {
        sums[column] += a * b[i][column];
      }
    }
    for (int column = 0; column < columns; ++column) {
      sumAt<float>(brought, row, column) = sums[column];
    }
  }
}

struct Load {
  uint32_t *r;
  const void *row;
};

template <bool Transposed>
void load(void *const *brought) {
  for (int matrix = 0; matrix < 4; ++matrix) {
    uint16_t elements[8][8];
    for (int row = 0; row < 8; ++row) {
      std::memcpy(elements[row], static_cast<const Load *>(brought[8 * matrix + row])->row, sizeof elements[row]);
    }
    for (int lane = 0; lane < warpLanes; ++lane) {
      const int g = lane / 4, t = lane % 4;
      const uint16_t low = Transposed ? elements[2 * t][g] : elements[g][2 * t];
      const uint16_t high = Transposed ? elements[2 * t + 1][g] : elements[g][2 * t + 1];
      static_cast<const Load *>(brought[lane])->r[matrix] = low | uint32_t{high} << 16;
    }
  }
}

struct Exchange {
  uint64_t value;
  int from;
  uint64_t result;
};

void exchangeAll(void *const *brought) {
  for (int lane = 0; lane < warpLanes; ++lane) {
    auto &mine = *static_cast<Exchange *>(brought[lane]);
    mine.result = static_cast<const Exchange *>(brought[mine.from])->value;
  }
}

struct Vote {
  bool p;
  uint32_t result;
};

void countVotes(void *const *brought) {
  uint32_t votes = 0;
  for (int lane = 0; lane < warpLanes; ++lane) {
    votes |= uint32_t{static_cast<const Vote *>(brought[lane])->p} << lane;
  }
  for (int lane = 0; lane < warpLanes; ++lane) {
    static_cast<Vote *>(brought[lane])->result = votes;
  }
}

}  // namespace

uint64_t emulation::exchange(uint64_t value, int from, Site where) {
  Exchange mine = {value, from, 0};
  meetWarp(&mine, exchangeAll, where);
  return mine.result;
}

uint32_t ballot(bool p, Site where) {
  Vote mine = {p, 0};
  emulation::meetWarp(&mine, countVotes, where);
  return mine.result;
}

void mmaInt8(int32_t (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[2], Site where) {
  Product<int32_t> mine = {d, a, b};
  emulation::meetWarp(&mine, multiplyInt8<2>, where);
}

void mmaInt8Half(int32_t (&d)[4], uint32_t a0, uint32_t a1, uint32_t b, Site where) {
  const uint32_t a[2] = {a0, a1};
  Product<int32_t> mine = {d, a, &b};
  emulation::meetWarp(&mine, multiplyInt8<1>, where);
}

void mmaF16(float (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[2], Site where) {
  Product<float> mine = {d, a, b};
  emulation::meetWarp(&mine, multiplyFloats<ofF16>, where);
}

void mmaBf16(float (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[2], Site where) {
  Product<float> mine = {d, a, b};
  emulation::meetWarp(&mine, multiplyFloats<fromBf16>, where);
}

void loadMatrices(uint32_t (&r)[4], const void *row, Site where) {
  emulation::needShared(row, 16, 16, "loadMatrices");
  emulation::racesRead(row, 16);
  Load mine = {r, row};
  emulation::meetWarp(&mine, load<false>, where);
}

void loadMatricesTransposed(uint32_t (&r)[4], const void *row, Site where) {
  emulation::needShared(row, 16, 16, "loadMatricesTransposed");
  emulation::racesRead(row, 16);
  Load mine = {r, row};
  emulation::meetWarp(&mine, load<true>, where);
}

}  // namespace gatun::cuda

// fragments_test.cpp: the emulated tensor cores take and give every element of a matrix in the lane and register that
// CuTe's layouts name for the instruction.
#include <array>

#include "cute_layouts.hpp"
#include "launching.hpp"

using namespace gatun::cuda;
using namespace gatun::test;

namespace {

constexpr int rows = 16, columns = 8;

// ---- products: one element of one operand is 1; its k is the value of the other operand's elements ----

enum class Kind { Int8, Int8Half, F16, Bf16 };

template <Kind K>
constexpr bool integer = K == Kind::Int8 || K == Kind::Int8Half;
template <Kind K>
using Element = std::conditional_t<integer<K>, int8_t, uint16_t>;
template <Kind K>
using Sum = std::conditional_t<integer<K>, int32_t, float>;

template <Kind K>
Element<K> elementOf(int value) {
  if constexpr (integer<K>) {
    return static_cast<int8_t>(value);
  } else {
    return K == Kind::F16 ? toF16(static_cast<float>(value)) : toBf16(static_cast<float>(value));
  }
}

template <Kind K>
struct Lane {
  uint32_t a[4] = {}, b[2] = {};
  Sum<K> d[4] = {};
};
template <Kind K>
using Warp = std::array<Lane<K>, 32>;

template <Kind K>
void multiplyKernel(Warp<K> *warps) {
  dependencyWait();
  auto &[a, b, d] = warps[blockIdx.x][threadIdx.x];
  if constexpr (K == Kind::Int8) {
    mmaInt8(d, a, b);
  } else if constexpr (K == Kind::Int8Half) {
    mmaInt8Half(d, a[0], a[1], b[0]);
  } else if constexpr (K == Kind::F16) {
    mmaF16(d, a, b);
  } else {
    mmaBf16(d, a, b);
  }
}

// Gives each lane the values that value(place) has at its places.
template <Kind K, class Value>
void deal(const Places &places, Warp<K> &warp, bool toA, Value value) {
  for (size_t lane = 0; lane < 32; ++lane) {
    std::vector<Element<K>> held;
    for (const int place : places[lane]) {
      held.push_back(elementOf<K>(value(place)));
    }
    std::memcpy(toA ? warp[lane].a : warp[lane].b, held.data(), held.size() * sizeof held[0]);
  }
}

// One product for each element of a, which alone is 1 while b[k][column] = k + 1; then for each of b likewise.
template <Kind K>
void products(const char *name, const MmaLayout &layout) {
  const int ofA = rows * layout.k, ofB = columns * layout.k;
  std::vector<Warp<K>> warps(static_cast<size_t>(ofA + ofB));
  for (int i = 0; i < ofA + ofB; ++i) {
    const bool aIsOne = i < ofA;
    const int one = aIsOne ? i : i - ofA;
    Warp<K> &warp = warps[static_cast<size_t>(i)];
    deal<K>(layout.a, warp, true, [&](int place) { return aIsOne ? place == one : place / rows + 1; });
    deal<K>(layout.b, warp, false, [&](int place) { return aIsOne ? place / columns + 1 : place == one; });
    for (size_t lane = 0; lane < 32; ++lane) {
      for (size_t j = 0; j < 4; ++j) {
        warp[lane].d[j] = static_cast<Sum<K>>(100 * layout.c[lane][j]);
      }
    }
  }
  start({static_cast<unsigned>(warps.size()), 32}, multiplyKernel<K>, warps.data());
  for (int i = 0; i < ofA + ofB; ++i) {
    const bool aIsOne = i < ofA;
    const int one = aIsOne ? i : i - ofA, k = one / (aIsOne ? rows : columns), at = one % (aIsOne ? rows : columns);
    for (size_t lane = 0; lane < 32; ++lane) {
      for (size_t j = 0; j < 4; ++j) {
        const int place = layout.c[lane][j], row = place % rows, column = place / rows;
        const int expected = 100 * place + ((aIsOne ? row : column) == at ? k + 1 : 0);
        const auto found = static_cast<double>(warps[static_cast<size_t>(i)][lane].d[j]);
        CHECK(found == expected, "%s: %s[%d][k %d] is 1, d[%d][%d] in lane %zu is %g, expected %d", name,
              aIsOne ? "a" : "b", at, k, row, column, lane, found, expected);
      }
    }
  }
}

// ---- loads of matrices ----

struct Matrices {
  alignas(16) uint16_t elements[256];
};
using Loaded = std::array<std::array<uint32_t, 4>, 32>;

template <bool Transposed>
void loadKernel(const int *firstByte, Loaded *out) {
  dependencyWait();
  auto &s = shared<Matrices>();
  const unsigned lane = threadIdx.x;
  for (unsigned i = 0; i < 8; ++i) {
    s.elements[8 * lane + i] = static_cast<uint16_t>(1000 + 8 * lane + i);
  }
  __syncwarp();
  const void *const row = reinterpret_cast<const char *>(s.elements) + firstByte[lane];
  uint32_t r[4];
  Transposed ? loadMatricesTransposed(r, row) : loadMatrices(r, row);
  std::copy(r, r + 4, (*out)[lane].begin());
}

template <bool Transposed>
void loads(const char *name, const LoadLayout &layout) {
  std::vector<int> firstByte;
  for (const auto &ofLane : layout.source) {
    firstByte.push_back(ofLane[0] / 8);
  }
  Loaded out = {};
  start({1, 32, sizeof(Matrices)}, loadKernel<Transposed>, firstByte.data(), &out);
  for (size_t lane = 0; lane < 32; ++lane) {
    for (size_t bit = 0; bit < 128; ++bit) {
      const auto place = static_cast<unsigned>(layout.target[lane][bit]);
      const unsigned element = 1000 + place / 16, expected = element >> place % 16 & 1;
      const unsigned found = out[lane][bit / 32] >> bit % 32 & 1;
      CHECK(found == expected, "%s: bit %zu of lane %zu is not bit %u of the matrices", name, bit, lane, place);
    }
  }
}

}  // namespace

int main() {
  products<Kind::Int8>("int8, m16n8k32", cuteInt8());
  products<Kind::Int8Half>("int8, m16n8k16", cuteInt8Half());
  products<Kind::F16>("float16, m16n8k16", cuteF16());
  products<Kind::Bf16>("bfloat16, m16n8k16", cuteBf16());
  loads<false>("ldmatrix", cuteLoad());
  loads<true>("ldmatrix.trans", cuteLoadTransposed());
  return finish();
}

// emulation_test.cpp: the emulated GPU does what CUDA and PTX state, and ends a program that breaks their rules.
#include <cmath>
#include <numeric>

#include "device/dialect.hpp"
#include "launching.hpp"

using namespace gatun::cuda;
using namespace gatun::test;

namespace {

// ---- small floats: all there are ----

// Both ways, and every midpoint of two neighbours and its neighbours among floats. infinity: as bits.
void checkRounding(const char *name, float (*from)(uint16_t), uint16_t (*to)(float), uint16_t infinity) {
  for (uint32_t bits = 0; bits <= 0xffff; ++bits) {
    const auto h = static_cast<uint16_t>(bits);
    if ((h & 0x7fff) > infinity) {
      CHECK(std::isnan(from(h)) && to(from(h)) == 0x7fff, "%s %04x", name, bits);
      continue;
    }
    CHECK(to(from(h)) == h, "%s %04x comes back as %04x", name, bits, to(from(h)));
    if ((h & 0x7fff) == infinity) {
      continue;
    }
    const auto next = static_cast<uint16_t>(h + 1);
    // The neighbour of the greatest finite number, for rounding, is what would follow it.
    const double a = static_cast<double>(from(h)), before = static_cast<double>(from(static_cast<uint16_t>(h - 1)));
    const double b = (next & 0x7fff) == infinity ? 2 * a - before : static_cast<double>(from(next));
    const auto middle = static_cast<float>((a + b) / 2);
    CHECK(to(middle) == (h % 2 == 0 ? h : next), "%s middle after %04x", name, bits);
    CHECK(to(std::nextafterf(middle, from(h))) == h, "%s before the middle after %04x", name, bits);
    CHECK(to(std::nextafterf(middle, std::signbit(a) ? -INFINITY : INFINITY)) == next,
          "%s beyond the middle after %04x", name, bits);
  }
  CHECK(to(3e38f * 10) == infinity && to(-3e38f * 10) == (infinity | 0x8000), "%s", name);
}

void conversions() {
  for (uint32_t bits = 0; bits < 0x7c00; ++bits) {
    const int exponent = static_cast<int>(bits >> 10), fraction = static_cast<int>(bits & 0x3ff);
    const double value = exponent == 0 ? std::ldexp(fraction, -24) : std::ldexp(1024 + fraction, exponent - 25);
    CHECK(static_cast<double>(fromF16(static_cast<uint16_t>(bits))) == value, "%04x", bits);
    CHECK(static_cast<double>(fromF16(static_cast<uint16_t>(bits | 0x8000))) == -value, "%04x", bits);
  }
  CHECK(fromF16(0x7c00) == INFINITY && fromF16(0xfc00) == -INFINITY && fromBf16(0x3fc0) == 1.5f);
  checkRounding("float16", fromF16, toF16, 0x7c00);
  checkRounding("bfloat16", fromBf16, toBf16, 0x7f80);
  CHECK(toF16x2(1, 2) == 0x40003c00 && toBf16x2(1, 2) == 0x40003f80);
  CHECK(bytePermute(0x33221100, 0x77665584, 0x4160) == 0x84116600 &&
        bytePermute(0x33221100, 0x77665584, 0xfc9) == 0x00778411);
  CHECK(dot4(0x80ff0102, 0x7f027f03, 10) == 10 - 128 * 127 - 2 + 127 + 6);
  CHECK(leadingZeros(0) == 32 && leadingZeros(1) == 31 && leadingZeros(0x80000000) == 0);
}

// ---- lanes ----

void exchangeKernel(const double *values, double *out, uint32_t *votes) {
  dependencyWait();
  const auto i = static_cast<int>(threadIdx.x);
  double *const mine = out + 5 * i;
  mine[0] = shuffle(values[i], i * 7 % 32);
  mine[1] = shuffleXor(values[i], 5);
  mine[2] = shuffleUp(values[i], 3);
  mine[3] = shuffleDown(values[i], 30);
  mine[4] = static_cast<double>(shuffle(static_cast<int16_t>(-i), 2));
  votes[i] = ballot(values[i] > 0);
}

void exchanges() {
  Random random(1);
  std::vector<double> values(96), out(5 * 96);
  std::vector<uint32_t> votes(96);
  for (double &v : values) {
    v = static_cast<double>(random.uniform());
  }
  start({1, 96}, exchangeKernel, values.data(), out.data(), votes.data());
  for (size_t i = 0; i < 96; ++i) {
    const size_t warp = i / 32 * 32, lane = i % 32;
    uint32_t expected = 0;
    for (size_t j = 0; j < 32; ++j) {
      expected |= uint32_t{values[warp + j] > 0} << j;
    }
    CHECK(out[5 * i] == values[warp + i * 7 % 32]);
    CHECK(out[5 * i + 1] == values[warp + (lane ^ 5)]);
    CHECK(out[5 * i + 2] == values[lane < 3 ? i : i - 3]);
    CHECK(out[5 * i + 3] == values[lane > 1 ? i : i + 30]);
    CHECK(out[5 * i + 4] == -static_cast<double>(warp + 2));
    CHECK(votes[i] == expected);
  }
}

// ---- products: elements by the fragment layouts of PTX ISA 9.0, 9.7.14 ----

enum class Kind { Int8, Int8Half, F16, Bf16 };

template <Kind K>
struct Product {
  static constexpr bool integer = K == Kind::Int8 || K == Kind::Int8Half;
  static constexpr int k = K == Kind::Int8 ? 32 : 16;
  static constexpr int perWord = integer ? 4 : 2;
  using Element = std::conditional_t<integer, int8_t, uint16_t>;
  using Sum = std::conditional_t<integer, int32_t, float>;
  Element a[16][k], b[k][8];
  Sum c[16][8], d[16][8];

  static double value(Element e) {
    if constexpr (integer) {
      return e;
    } else {
      return static_cast<double>(K == Kind::F16 ? fromF16(e) : fromBf16(e));
    }
  }
};

template <Kind K>
void productKernel(Product<K> *products) {
  using P = Product<K>;
  dependencyWait();
  P &p = products[threadIdx.x / 32];
  const int lane = static_cast<int>(threadIdx.x % 32), group = lane >> 2, inGroup = lane % 4, n = P::perWord;
  typename P::Element a[16], b[8];
  typename P::Sum d[4];
  for (int i = 0; i < 16 * P::k / 32; ++i) {
    const int row = i / n % 2 == 0 ? group : group + 8, column = inGroup * n + i % n + (i < 2 * n ? 0 : 4 * n);
    a[i] = p.a[row][column];
  }
  for (int i = 0; i < 8 * P::k / 32; ++i) {
    b[i] = p.b[inGroup * n + i % n + (i < n ? 0 : 4 * n)][group];
  }
  for (int i = 0; i < 4; ++i) {
    d[i] = p.c[i < 2 ? group : group + 8][inGroup * 2 + i % 2];
  }
  uint32_t aWords[4] = {}, bWords[2] = {};
  std::memcpy(aWords, a, static_cast<size_t>(16 * P::k / 32) * sizeof a[0]);
  std::memcpy(bWords, b, static_cast<size_t>(8 * P::k / 32) * sizeof b[0]);
  if constexpr (K == Kind::Int8) {
    mmaInt8(d, aWords, bWords);
  } else if constexpr (K == Kind::Int8Half) {
    mmaInt8Half(d, aWords[0], aWords[1], bWords[0]);
  } else if constexpr (K == Kind::F16) {
    mmaF16(d, aWords, bWords);
  } else {
    mmaBf16(d, aWords, bWords);
  }
  for (int i = 0; i < 4; ++i) {
    p.d[i < 2 ? group : group + 8][inGroup * 2 + i % 2] = d[i];
  }
}

template <Kind K>
void products() {
  using P = Product<K>;
  Random random(7);
  std::vector<P> all(4);
  for (P &p : all) {
    const auto element = [&] {
      return P::integer       ? static_cast<typename P::Element>(random.below(256) - 128)
             : K == Kind::F16 ? static_cast<typename P::Element>(toF16(random.uniform()))
                              : static_cast<typename P::Element>(toBf16(random.uniform()));
    };
    for (auto &row : p.a) std::generate(std::begin(row), std::end(row), element);
    for (auto &row : p.b) std::generate(std::begin(row), std::end(row), element);
    for (auto &row : p.c) {
      std::generate(std::begin(row), std::end(row), [&] {
        return P::integer ? static_cast<typename P::Sum>(random.below(1 << 20))
                          : static_cast<typename P::Sum>(random.uniform());
      });
    }
  }
  start({1, 128}, productKernel<K>, all.data());
  for (const P &p : all) {
    for (int row = 0; row < 16; ++row) {
      for (int column = 0; column < 8; ++column) {
        double sum = static_cast<double>(p.c[row][column]), size = std::fabs(sum);
        for (int i = 0; i < P::k; ++i) {
          const double term = P::value(p.a[row][i]) * P::value(p.b[i][column]);
          sum += term;
          size += std::fabs(term);
        }
        const double off = std::fabs(static_cast<double>(p.d[row][column]) - sum);
        CHECK(off <= (P::integer ? 0 : P::k * size * 0x1p-24), "kind %d, [%d][%d]: off by %g", static_cast<int>(K), row,
              column, off);
      }
    }
  }
}

struct Matrices {
  alignas(16) uint16_t at[4][8][8];
};

void loadKernel(const Matrices *matrices, uint32_t *out) {
  dependencyWait();
  auto &s = shared<Matrices>();
  const auto lane = static_cast<int>(threadIdx.x);
  std::memcpy(s.at[lane / 8][lane % 8], matrices->at[lane / 8][lane % 8], 16);
  __syncwarp();
  uint32_t straight[4], transposed[4];
  loadMatrices(straight, s.at[lane / 8][lane % 8]);
  loadMatricesTransposed(transposed, s.at[lane / 8][lane % 8]);
  for (int i = 0; i < 4; ++i) {
    out[8 * lane + i] = straight[i];
    out[8 * lane + 4 + i] = transposed[i];
  }
}

void loads() {
  Matrices matrices;
  std::iota(&matrices.at[0][0][0], &matrices.at[0][0][0] + 256, uint16_t{1000});
  std::vector<uint32_t> out(32 * 8);
  start({1, 32, sizeof(Matrices)}, loadKernel, &matrices, out.data());
  for (int lane = 0; lane < 32; ++lane) {
    const int g = lane / 4, t = lane % 4;
    for (int i = 0; i < 4; ++i) {
      const auto &m = matrices.at[i];
      CHECK(out[static_cast<size_t>(8 * lane + i)] == (m[g][2 * t] | uint32_t{m[g][2 * t + 1]} << 16));
      CHECK(out[static_cast<size_t>(8 * lane + 4 + i)] == (m[2 * t][g] | uint32_t{m[2 * t + 1][g]} << 16));
    }
  }
}

// ---- copies, barriers ----

struct Landing {
  alignas(16) uint32_t words[4][64][4];
};

void copyKernel(const uint4 *source, uint32_t *early, uint4 *out) {
  dependencyWait();
  auto &s = shared<Landing>();
  const unsigned i = threadIdx.x;
  for (unsigned group = 0; group < 3; ++group) {
    copyAsync16(s.words[group][i], source + 64 * group + i, group != 1);
    copyAsyncCommit();
  }
  copyAsync4(s.words[3][i], source + i);
  copyAsyncWait<2>();
  for (int word = 0; word < 4; ++word) {
    early[8 * i + static_cast<unsigned>(word)] = s.words[0][i][word];
    early[8 * i + 4 + static_cast<unsigned>(word)] = s.words[2][i][word];
  }
  copyAsyncCommit();
  copyAsyncWait<0>();
  __syncthreads();
  for (unsigned group = 0; group < 4; ++group) {
    std::memcpy(out + 64 * group + i, s.words[group][63 - i], 16);
  }
}

void copies() {
  std::vector<uint4> source(64 * 3), out(64 * 4);
  std::vector<uint32_t> early(64 * 8);
  for (unsigned i = 0; i < 64 * 3; ++i) {
    source[i] = {7 * i + 1, 7 * i + 2, 7 * i + 3, 7 * i + 4};
  }
  start({1, 64, sizeof(Landing)}, copyKernel, source.data(), early.data(), out.data());
  int notYet = 0;
  for (unsigned i = 0; i < 64; ++i) {
    CHECK(std::memcmp(&early[8 * i], &source[i], 16) == 0);
    notYet += std::memcmp(&early[8 * i + 4], &source[128 + i], 16) != 0;
    CHECK(std::memcmp(&out[i], &source[63 - i], 16) == 0);
    CHECK(out[64 + i].x == 0 && out[64 + i].w == 0);
    CHECK(std::memcmp(&out[128 + i], &source[128 + 63 - i], 16) == 0);
    CHECK(out[192 + i].x == source[63 - i].x);
  }
  CHECK(notYet == 64, "%d of 64 copies are under way", notYet);
}

struct Turns {
  int value[100];
};

// Rotates by one place as often as asked.
void rotateKernel(int *values, int turns) {
  dependencyWait();
  auto &s = shared<Turns>();
  const auto size = static_cast<int>(blockDim.x * blockDim.y),
             i = static_cast<int>(threadIdx.y * blockDim.x + threadIdx.x);
  int *const mine = values + static_cast<int>(blockIdx.z * gridDim.y + blockIdx.y) * size + i;
  s.value[i] = *mine;
  for (int turn = 0; turn < turns; ++turn) {
    __syncthreads();
    const int next = s.value[(i + 1) % size];
    __syncthreads();
    s.value[i] = next;
  }
  *mine = s.value[i];
}

void barriers() {
  std::vector<int> values(6 * 100);
  std::iota(values.begin(), values.end(), 0);
  start({{1, 3, 2}, {10, 10}, sizeof(Turns)}, rotateKernel, values.data(), 73);
  for (int i = 0; i < 600; ++i) {
    CHECK(values[static_cast<size_t>(i)] == i / 100 * 100 + (i + 73) % 100);
  }
}

void waitKernel() { dependencyWait(); }

void shapes() {
  const auto with = [](dim3 grid, dim3 block, int64_t bytes) {
    return launchOn(nullptr, false, emulation::card().sharedLimit, {grid, block, bytes}, waitKernel);
  };
  CHECK(with(1, 1024, 0) == cudaSuccess && with(1, {2, 8, 64}, 99 * 1024) == cudaSuccess);
  CHECK(with({1, 1, 65535}, 1, 0) == cudaSuccess);
  const dim3 blocks[] = {0, 1025, {1024, 2}, {1, 1, 65}};
  for (const dim3 &block : blocks) {
    CHECK(with(1, block, 0) == cudaErrorInvalidConfiguration);
  }
  CHECK(with(0, 1, 0) == cudaErrorInvalidConfiguration && with({1, 65536}, 1, 0) == cudaErrorInvalidConfiguration);
  CHECK(with({1, 1, 65536}, 1, 0) == cudaErrorInvalidConfiguration);
  CHECK(with(1, 1, 99 * 1024 + 1) == cudaErrorInvalidValue);
}

int attribute(cudaDeviceAttr name) {
  int value = 0;
  CHECK(cudaDeviceGetAttribute(&value, name, 0) == cudaSuccess);
  return value;
}

// In processes of their own, since the environment is read once.
void cards() {
  const auto as = [](const char *multiprocessors, const char *kibibytes) {
    return lastWords([=] {
      setenv("GATUN_EMULATION_MULTIPROCESSORS", multiprocessors, 1);
      setenv("GATUN_EMULATION_SHARED_KIB", kibibytes, 1);
      const int shared = attribute(cudaDevAttrMaxSharedMemoryPerBlockOptin);
      const auto started = [&](int64_t limit, int64_t bytes) {
        return launchOn(nullptr, false, limit, {1, 1, bytes}, waitKernel);
      };
      std::fprintf(stderr, "%d, %d: %d, %d, %d", attribute(cudaDevAttrMultiProcessorCount), shared,
                   started(shared, shared), started(shared, shared + 1), started(shared + 1, shared + 1));
      std::fflush(stderr);
      std::abort();
    });
  };
  const auto says = [](const std::string &said, const char *wanted) {
    CHECK(said == wanted, "said \"%s\", expected \"%s\"", said.c_str(), wanted);
  };
  says(as("132", "227"), "132, 232448: 0, 1, 9");
  says(as("128", "99"), "128, 101376: 0, 1, 9");
  says(as("0", "99"), "emulated GPU: GATUN_EMULATION_MULTIPROCESSORS=0, expected 1 to 1024\n");
  says(as("132", "227k"), "emulated GPU: GATUN_EMULATION_SHARED_KIB=227k, expected 48 to 227\n");
}

}  // namespace

int main() {
  cards();
  conversions();
  exchanges();
  products<Kind::Int8>();
  products<Kind::Int8Half>();
  products<Kind::F16>();
  products<Kind::Bf16>();
  loads();
  copies();
  barriers();
  shapes();
  return finish();
}

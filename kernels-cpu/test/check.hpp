// check.hpp: the little a native test needs. A failed check prints where and what, and the test's exit status is 1.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstring>

namespace gatun::test {

inline int failures = 0;
inline long checks = 0;

template <class... Args>
void expect(bool holds, const char *file, int line, const char *condition, const char *format = "", Args... args) {
  ++checks;
  if (holds) {
    return;
  }
  if (++failures <= 20) {
    std::fprintf(stderr, "%s:%d: %s ", file, line, condition);
    if constexpr (sizeof...(args) == 0) {
      std::fputs(format, stderr);
    } else {
      std::fprintf(stderr, format, args...);
    }
    std::fputc('\n', stderr);
  }
}

// A small generator of its own, so that every compiler and library gives the same cases.
struct Random {
  uint64_t state;
  explicit Random(uint64_t seed) : state(seed * 0x9e3779b97f4a7c15u + 1) {}
  uint32_t next() {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return static_cast<uint32_t>(state >> 33);
  }
  // In [0, n).
  int below(int n) { return static_cast<int>(next() % static_cast<uint32_t>(n)); }
  // In [-1, 1).
  float uniform() { return static_cast<float>(static_cast<int32_t>(next() & 0xffffff) - 0x800000) / 0x800000; }
};

inline int finish() {
  std::printf("%ld checks, %d failed\n", checks, failures);
  if (checks == 0) {
    std::fputs("a test without checks proves nothing\n", stderr);
    return 1;
  }
  return failures == 0 ? 0 : 1;
}

}  // namespace gatun::test

// CHECK(condition) or CHECK(condition, "format", values...)
#define CHECK(condition, ...) \
  ::gatun::test::expect((condition), __FILE__, __LINE__, #condition __VA_OPT__(, ) __VA_ARGS__)

// pool_test.cpp: every thread runs once a round, every chunk once a loop, whatever the number of threads and the gaps.
#include "../pool.hpp"

#include <atomic>
#include <chrono>
#include <new>
#include <thread>
#include <vector>

#include "check.hpp"

using gatun::cpu::Pool;

namespace {

void countsEveryThread(int threads, int rounds, int pauseEvery) {
  Pool pool(threads);
  std::vector<int64_t> seen(static_cast<size_t>(threads), 0);
  for (int round = 1; round <= rounds; ++round) {
    pool.run([](void *arg, int thread) { ++(*static_cast<std::vector<int64_t> *>(arg))[static_cast<size_t>(thread)]; },
             &seen);
    if (pauseEvery != 0 && round % pauseEvery == 0) {
      // Long enough for the workers to fall asleep, or to be just about to.
      std::this_thread::sleep_for(std::chrono::microseconds(130 + round % 41));
    }
  }
  for (int64_t n : seen) {
    CHECK(n == rounds, "%d threads: %ld rounds of %d", threads, static_cast<long>(n), rounds);
  }
}

void visitsEveryIndex(int threads, int64_t n, int64_t grain) {
  Pool pool(threads);
  struct Visit {
    std::vector<int> times;
    int64_t grain;
    std::atomic<int> badChunks{0};
  } visit{std::vector<int>(static_cast<size_t>(n), 0), grain};
  pool.parallelFor(
      n, grain,
      [](void *arg, int64_t begin, int64_t end, int) {
        Visit &v = *static_cast<Visit *>(arg);
        v.badChunks += begin % v.grain != 0 || end <= begin || end - begin > v.grain;
        for (int64_t i = begin; i < end; ++i) {
          ++v.times[static_cast<size_t>(i)];
        }
      },
      &visit);
  int wrong = 0;
  for (int times : visit.times) {
    wrong += times != 1;
  }
  CHECK(wrong == 0 && visit.badChunks == 0, "n %ld grain %ld threads %d", static_cast<long>(n),
        static_cast<long>(grain), threads);
}

void throwsWhatABodyThrows(int threads) {
  Pool pool(threads);
  for (int thrower = 0; thrower < threads; ++thrower) {
    bool caught = false;
    try {
      pool.run(
          [](void *arg, int thread) {
            if (thread == *static_cast<int *>(arg)) {
              throw std::bad_alloc();
            }
          },
          &thrower);
    } catch (const std::bad_alloc &) {
      caught = true;
    }
    CHECK(caught, "thrower %d", thrower);
  }
  int none = -1;
  pool.run([](void *, int) {}, &none);  // the pool lives on
}

void scratchIsAlignedAndOwn() {
  Pool pool(3);
  void *first = pool.scratch(0, 100);
  CHECK(reinterpret_cast<uintptr_t>(first) % 64 == 0);
  CHECK(pool.scratch(0, 50) == first);
  CHECK(pool.scratch(1, 100) != first);
  std::memset(pool.scratch(2, 1000003), 1, 1000003);
  bool caught = false;
  try {
    pool.scratch(0, int64_t{1} << 60);
  } catch (const std::bad_alloc &) {
    caught = true;
  }
  CHECK(caught);
}

void reportCost(int threads) {
  Pool pool(threads);
  const int rounds = 2000;
  double best = 1e9;
  for (int repeat = 0; repeat < 5; ++repeat) {
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < rounds; ++i) {
      pool.run([](void *, int) {}, nullptr);
    }
    const std::chrono::duration<double, std::nano> time = std::chrono::steady_clock::now() - start;
    best = time.count() / rounds < best ? time.count() / rounds : best;
  }
  std::printf("run() on %d threads: %.0f ns\n", threads, best);
}

}  // namespace

int main() {
  for (int threads : {1, 2, 3, 8}) {
    countsEveryThread(threads, 5000, 0);
    countsEveryThread(threads, 300, 1);
    throwsWhatABodyThrows(threads);
    for (int64_t n : {0, 1, 5, 64, 1000}) {
      visitsEveryIndex(threads, n, 1);
      visitsEveryIndex(threads, n, 7);
      visitsEveryIndex(threads, n, 2000);
    }
  }
  countsEveryThread(64, 500, 100);
  for (int i = 0; i < 200; ++i) {
    Pool shortLived(4);  // the end must not be missed by a worker that has only just started
  }
  scratchIsAlignedAndOwn();
  reportCost(2);
  return gatun::test::finish();
}

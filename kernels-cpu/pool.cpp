// pool.cpp: workers spin for a short while after each op, since the next one follows at once, and then sleep.
#include "pool.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <exception>
#include <memory>
#include <mutex>
#include <new>
#include <thread>
#include <utility>
#include <vector>

#include "results.hpp"

#if defined(__x86_64__) || defined(__i386__)
#include <immintrin.h>
#endif

namespace gatun::cpu {
namespace {

constexpr auto spinTime = std::chrono::microseconds(150);  // longer than the gap between two ops of one step
constexpr int yieldsBeforeSleep = 8;
constexpr std::size_t cacheLine = 64;

void relax() {
#if defined(__x86_64__) || defined(__i386__)
  _mm_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

// A number that grows, and those who wait for it to grow.
class alignas(cacheLine) Counter {
 public:
  uint64_t value() const { return value_.load(std::memory_order_acquire); }

  uint64_t increment() { return value_.fetch_add(1, std::memory_order_seq_cst) + 1; }

  // A sleeper announces itself before it looks at the value, and the value is raised before the sleepers are
  // looked at: in the one order of these four, either it sees the value or it is seen here.
  void wake() {
    if (sleepers_.load(std::memory_order_seq_cst) == 0) {
      return;
    }
    {
      std::lock_guard<std::mutex> lock(mutex_);
    }
    awake_.notify_all();
  }

  // Returns when the value is at least `target`. `spin`: there is a core for every thread.
  void await(uint64_t target, bool spin) {
    if (spin ? spinFor(target) : yieldFor(target)) {
      return;
    }
    std::unique_lock<std::mutex> lock(mutex_);
    sleepers_.fetch_add(1, std::memory_order_seq_cst);
    awake_.wait(lock, [&] { return value_.load(std::memory_order_seq_cst) >= target; });
    sleepers_.fetch_sub(1, std::memory_order_relaxed);
  }

 private:
  bool spinFor(uint64_t target) const {
    if (value() >= target) {
      return true;
    }
    const auto end = std::chrono::steady_clock::now() + spinTime;
    do {
      for (int i = 0; i < 32; ++i) {
        if (value() >= target) {
          return true;
        }
        relax();
      }
    } while (std::chrono::steady_clock::now() < end);
    return value() >= target;
  }

  bool yieldFor(uint64_t target) const {
    for (int i = 0; i < yieldsBeforeSleep; ++i) {
      if (value() >= target) {
        return true;
      }
      std::this_thread::yield();
    }
    return value() >= target;
  }

  std::atomic<uint64_t> value_{0};
  std::atomic<int> sleepers_{0};
  std::mutex mutex_;
  std::condition_variable awake_;
};

struct Free {
  void operator()(void *p) const { std::free(p); }
};

class alignas(cacheLine) Scratch {
 public:
  void *atLeast(int64_t bytes) {
    if (bytes_ < bytes) {
      const int64_t rounded = (bytes + 4095) / 4096 * 4096;
      bytes_ = 0;
      data_.reset();  // first, since two at once may be too much
      data_.reset(std::aligned_alloc(cacheLine, static_cast<std::size_t>(rounded)));
      if (!data_) {
        throw std::bad_alloc();
      }
      bytes_ = rounded;
    }
    return data_.get();
  }

 private:
  std::unique_ptr<void, Free> data_;
  int64_t bytes_ = 0;
};

// Where the next chunk of one thread's share of a loop begins.
struct alignas(cacheLine) Share {
  std::atomic<int64_t> next{0};
};

}  // namespace

struct Pool::State {
  explicit State(int threads)
      : size(threads),
        spin(static_cast<unsigned>(threads) <= std::thread::hardware_concurrency()),
        scratch(static_cast<std::size_t>(threads)),
        shares(static_cast<std::size_t>(threads)) {}

  void invoke(int thread) {
    try {
      body(arg, thread);
    } catch (...) {
      std::lock_guard<std::mutex> lock(failureMutex);
      if (!failure) {
        failure = std::current_exception();
      }
    }
  }

  void work(int thread) {
    uint64_t seen = 0;
    uint64_t lastEntered = 0;
    for (;;) {
      started.await(seen + 1, spin);
      seen = started.value();
      if (stopping.load(std::memory_order_relaxed)) {
        return;
      }
      if (enter(&lastEntered)) {
        invoke(thread);
        gate.fetch_sub(1, std::memory_order_release);
      }
    }
  }

  // Takes part in the round at the gate, once, if it is still open.
  bool enter(uint64_t *lastEntered) {
    uint64_t at = gate.load(std::memory_order_acquire);
    do {
      if ((at & kOpen) == 0 || at >> kRoundShift == *lastEntered) {
        return false;
      }
    } while (!gate.compare_exchange_weak(at, at + kEntered + 1, std::memory_order_acq_rel, std::memory_order_acquire));
    *lastEntered = at >> kRoundShift;
    return true;
  }

  // The caller's side of a round. Who has not come by the time the caller has nothing left to do is not waited for,
  // unless `everyone` must take part: on a busy machine a worker may be without a core for milliseconds.
  void round(bool everyone) {
    const uint64_t entered = everyone ? static_cast<uint64_t>(size - 1) * kEntered : 0;
    gate.store((++rounds << kRoundShift) | kOpen, std::memory_order_release);
    started.increment();
    started.wake();
    invoke(0);
    waitFor([&] { return (gate.load(std::memory_order_acquire) & kAllEntered) >= entered; });
    gate.fetch_and(~kOpen, std::memory_order_acq_rel);
    waitFor([&] { return (gate.load(std::memory_order_acquire) & kInside) == 0; });
  }

  template <typename Done>
  void waitFor(Done done) const {
    const auto end = std::chrono::steady_clock::now() + spinTime;
    while (!done()) {
      if (spin && std::chrono::steady_clock::now() < end) {
        relax();
      } else {
        std::this_thread::yield();
      }
    }
  }

  void stop() {
    stopping.store(true, std::memory_order_relaxed);
    started.increment();
    started.wake();
    for (std::thread &worker : workers) {
      worker.join();
    }
  }

  const int size;
  const bool spin;
  void (*body)(void *, int) = nullptr;
  void *arg = nullptr;
  std::atomic<bool> stopping{false};
  std::exception_ptr failure;
  std::mutex failureMutex;
  // The round at the gate, whether it is open, and how many workers have entered it and are inside.
  static constexpr int kRoundShift = 32;
  static constexpr uint64_t kOpen = uint64_t{1} << 31;
  static constexpr uint64_t kEntered = uint64_t{1} << 16;
  static constexpr uint64_t kAllEntered = kOpen - kEntered;
  static constexpr uint64_t kInside = kEntered - 1;
  alignas(cacheLine) std::atomic<uint64_t> gate{0};
  uint64_t rounds = 0;
  Counter started;  // rounds begun
  std::vector<std::thread> workers;
  std::vector<Scratch> scratch;
  std::vector<Share> shares;
  Scratch shared;
  Results results;
};

Pool::Pool(int threads) {
  auto state = std::make_unique<State>(threads);
  try {
    for (int thread = 1; thread < threads; ++thread) {
      state->workers.emplace_back(&State::work, state.get(), thread);
    }
  } catch (...) {
    state->stop();
    throw;
  }
  state_ = state.release();
}

Pool::~Pool() {
  state_->stop();
  delete state_;
}

int Pool::threads() const { return state_->size; }

void Pool::hand(void (*body)(void *arg, int thread), void *arg, bool everyone) {
  State &state = *state_;
  state.body = body;
  state.arg = arg;
  if (state.size == 1) {
    state.invoke(0);
  } else {
    state.round(everyone);
  }
  if (state.failure) {
    std::rethrow_exception(std::exchange(state.failure, nullptr));
  }
}

void Pool::run(void (*body)(void *arg, int thread), void *arg) { hand(body, arg, true); }

namespace {

// Each thread begins with its own contiguous share, whose memory then streams, and helps others when it is done.
struct Loop {
  void (*body)(void *, int64_t, int64_t, int);
  void *arg;
  int64_t n;
  int64_t grain;
  int shares;
  Share *share;

  int64_t end(int i) const {
    const int64_t chunks = (n + grain - 1) / grain;
    const int64_t end = (chunks * (i + 1) / shares) * grain;
    return end < n ? end : n;
  }
};

void claim(void *arg, int thread) {
  Loop &loop = *static_cast<Loop *>(arg);
  for (int i = 0; i < loop.shares; ++i) {
    const int share = (thread + i) % loop.shares;
    const int64_t shareEnd = loop.end(share);
    for (;;) {
      const int64_t begin = loop.share[share].next.fetch_add(loop.grain, std::memory_order_relaxed);
      if (begin >= shareEnd) {
        break;
      }
      const int64_t end = loop.grain < shareEnd - begin ? begin + loop.grain : shareEnd;
      loop.body(loop.arg, begin, end, thread);
    }
  }
}

}  // namespace

void Pool::parallelFor(int64_t n, int64_t grain, void (*body)(void *arg, int64_t begin, int64_t end, int thread),
                       void *arg) {
  if (n <= 0) {
    return;
  }
  const int64_t chunks = (n - 1) / grain + 1;
  const int shares = chunks < state_->size ? static_cast<int>(chunks) : state_->size;
  Loop loop{body, arg, n, grain, shares, state_->shares.data()};
  for (int i = 0; i < shares; ++i) {
    loop.share[i].next.store(i == 0 ? 0 : loop.end(i - 1), std::memory_order_relaxed);
  }
  if (shares == 1) {
    claim(&loop, 0);
  } else {
    hand(claim, &loop, false);
  }
}

void *Pool::scratch(int thread, int64_t bytes) {
  return state_->scratch[static_cast<std::size_t>(thread)].atLeast(bytes);
}

void *Pool::shared(int64_t bytes) { return state_->shared.atLeast(bytes); }

float *Pool::results(int64_t count) { return state_->results.floats(count); }

}  // namespace gatun::cpu

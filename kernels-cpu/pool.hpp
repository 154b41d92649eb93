// pool.hpp: the threads of a CPU queue. An op is a few microseconds, so handing out work must cost about one.
#pragma once

#include <cstdint>

namespace gatun::cpu {

class Pool {
 public:
  // `threads` counts the calling thread. Throws std::system_error where the system gives no more threads.
  explicit Pool(int threads);
  // Joins. Must not run in a forked child, which has none of the threads.
  ~Pool();
  Pool(const Pool &) = delete;
  Pool &operator=(const Pool &) = delete;

  int threads() const;

  // Runs body(arg, thread) once on every thread and returns when all are done; the caller is thread 0.
  // The first exception of a body is thrown again here. A body must not call run.
  void run(void (*body)(void *arg, int thread), void *arg);

  // Splits [0, n) into chunks of `grain` (the last may be shorter). Each thread takes those of its own contiguous
  // share in ascending order, then others'. Results must not depend on `thread`.
  void parallelFor(int64_t n, int64_t grain, void (*body)(void *arg, int64_t begin, int64_t end, int thread),
                   void *arg);

  // The thread's own memory, 64-byte aligned, not initialised, never shrinking. A call ends the life of what
  // the same thread got before. Throws std::bad_alloc.
  void *scratch(int thread, int64_t bytes);

  // The same for what the threads of one op share; called by the calling thread, outside of run.
  void *shared(int64_t bytes);

  // The same for float32 that an op writes before they are quantised.
  float *results(int64_t count);

 private:
  void hand(void (*body)(void *arg, int thread), void *arg, bool everyone);

  struct State;
  State *state_;
};

}  // namespace gatun::cpu

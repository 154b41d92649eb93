// contract.hpp: queues, aligned arrays and operands for tests that use the library as its users do.
#pragma once

#include <cstdlib>
#include <memory>
#include <vector>

#include "check.hpp"
#include "gatun/kernels.h"

namespace gatun::test {

// The call must succeed.
#define OK(call) CHECK((call) == GK_OK, "%s", gk_last_error())

class Queue {
 public:
  Queue(int threads, int isa) { OK(gk_queue_cpu(threads, isa, &queue_)); }
  ~Queue() { OK(gk_queue_free(queue_)); }
  Queue(const Queue &) = delete;
  Queue &operator=(const Queue &) = delete;
  operator gk_queue *() const { return queue_; }

 private:
  gk_queue *queue_ = nullptr;
};

inline int bestIsa() {
  int32_t isa = 0;
  OK(gk_cpu_best_isa(&isa));
  return isa;
}

// An array at a multiple of GK_ALIGNMENT, whose end the sanitizer watches.
template <class T>
class Array {
 public:
  explicit Array(int64_t n) : size_(n) {
    const int64_t bytes = n * static_cast<int64_t>(sizeof(T));
    void *memory = nullptr;
    CHECK(posix_memalign(&memory, GK_ALIGNMENT, static_cast<size_t>(bytes > 0 ? bytes : 1)) == 0);
    data_.reset(static_cast<T *>(memory));
  }
  Array(int64_t n, Random &random, float scale = 1) : Array(n) {
    for (int64_t i = 0; i < n; ++i) {
      data_.get()[i] = static_cast<T>(random.uniform() * scale);
    }
  }
  explicit Array(const std::vector<T> &values) : Array(static_cast<int64_t>(values.size())) {
    for (size_t i = 0; i < values.size(); ++i) {
      data_.get()[i] = values[i];
    }
  }
  T *data() const { return data_.get(); }
  int64_t size() const { return size_; }
  T &operator[](int64_t i) const { return data_.get()[i]; }
  void fillBytes(int byte) { std::memset(data(), byte, static_cast<size_t>(size_) * sizeof(T)); }
  bool sameBits(const Array &other) const {
    return size_ == other.size_ && std::memcmp(data(), other.data(), static_cast<size_t>(size_) * sizeof(T)) == 0;
  }

 private:
  struct Free {
    void operator()(T *p) const { std::free(p); }
  };
  int64_t size_;
  std::unique_ptr<T, Free> data_;
};

inline gk_tensor tensor(float *data, int64_t rows, int64_t cols, int64_t stride) {
  return {data, rows, cols, stride, GK_F32, 0};
}
inline gk_tensor tensor(float *data, int64_t rows, int64_t cols) { return tensor(data, rows, cols, cols); }
inline gk_tensor ids(int32_t *data, int64_t rows, int64_t cols) { return {data, rows, cols, cols, GK_I32, 0}; }

}  // namespace gatun::test

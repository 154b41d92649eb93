// both.hpp: for tests that run an op on a CPU queue and on a CUDA queue and compare. They use the contract alone, so
// the same test serves kernels that run on a GPU (GATUN_CUDA=on) and kernels that are emulated.
#pragma once

#include <cmath>
#include <string>

#include "../../kernels-cpu/test/contract.hpp"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#endif

namespace gatun::test {

// ---- memory of the CUDA queue's device ----

#if defined(GATUN_CUDA_DEVICE)  // in device_memory.cpp
void *deviceAllocate(int64_t bytes);
void deviceFree(void *memory);
void deviceCopy(void *to, const void *from, int64_t bytes);
#else
inline void *deviceAllocate(int64_t bytes) {
  void *memory = nullptr;
  CHECK(posix_memalign(&memory, 256, static_cast<size_t>(bytes)) == 0);
  return memory;
}
inline void deviceFree(void *memory) { std::free(memory); }
inline void deviceCopy(void *to, const void *from, int64_t bytes) {
  std::memmove(to, from, static_cast<size_t>(bytes));
}
#endif

// An array on the device between two zones that must keep what they hold: looked at when the array ends, and watched
// by the address sanitizer. At a multiple of GK_ALIGNMENT and of no more.
template <class T>
class DeviceArray {
 public:
  explicit DeviceArray(int64_t n)
      : size_(n), bytes_(n * static_cast<int64_t>(sizeof(T))), start_(deviceAllocate(bytes_ + 2 * zone)) {
    const std::vector<unsigned char> filled(static_cast<size_t>(bytes_ + 2 * zone), zoneByte);
    deviceCopy(start_, filled.data(), bytes_ + 2 * zone);
    watch(true);
  }
  explicit DeviceArray(const Array<T> &values) : DeviceArray(values.size()) { upload(values); }
  ~DeviceArray() {
    watch(false);
    for (const char *from : {at(0), at(zone + bytes_)}) {
      std::vector<unsigned char> found(zone);
      deviceCopy(found.data(), from, zone);
      for (size_t i = 0; i < found.size(); ++i) {
        if (found[i] != zoneByte) {
          CHECK(found[i] == zoneByte, "%s an array of %lld bytes, byte %zu of the zone was written",
                from == at(0) ? "before" : "after", static_cast<long long>(bytes_), i);
          break;
        }
      }
    }
    deviceFree(start_);
  }
  DeviceArray(const DeviceArray &) = delete;
  DeviceArray &operator=(const DeviceArray &) = delete;

  T *data() const { return reinterpret_cast<T *>(at(zone)); }
  int64_t size() const { return size_; }
  void upload(const Array<T> &values) {
    CHECK(values.size() == size_);
    deviceCopy(data(), values.data(), bytes_);
  }
  Array<T> download() const {
    Array<T> values(size_);
    deviceCopy(values.data(), data(), bytes_);
    return values;
  }

 private:
  static constexpr int64_t zone = 256 + GK_ALIGNMENT;
  static constexpr unsigned char zoneByte = 0xdb;

  char *at(int64_t offset) const { return static_cast<char *>(start_) + offset; }
  void watch([[maybe_unused]] bool zones) const {
#if defined(__SANITIZE_ADDRESS__) && !defined(GATUN_CUDA_DEVICE)
    for (const char *from : {at(0), at(zone + bytes_)}) {
      zones ? __asan_poison_memory_region(from, zone) : __asan_unpoison_memory_region(from, zone);
    }
#endif
  }

  int64_t size_, bytes_;
  void *start_;
};

// ---- both queues, and arrays that lie on both ----

// A queue, for an op that is run on each.
struct Side {
  gk_queue *queue;
  bool cuda;
  operator gk_queue *() const { return queue; }
};

class Both {
 public:
  // With workspace for steps up to the limits.
  explicit Both(const gk_limits &limits = {512, 64, 128, 0, 8192}) : cpu_(2, GK_ISA_BEST) {
    OK(gk_queue_cuda(0, nullptr, &cuda_));
    int64_t bytes = 0;
    OK(gk_workspace_bytes(cuda_, &limits, &bytes));
    workspace_ = std::make_unique<DeviceArray<uint8_t>>(bytes);
    OK(gk_workspace(cuda_, workspace_->data(), bytes));
  }
  ~Both() { OK(gk_queue_free(cuda_)); }
  Both(const Both &) = delete;
  Both &operator=(const Both &) = delete;

  Side cpu() const { return {cpu_, false}; }
  Side cuda() const { return {cuda_, true}; }

  // call(side) for both; waits until it is done.
  template <class Call>
  void run(Call call) const {
    call(cpu());
    call(cuda());
    OK(gk_queue_sync(cuda_));
  }

 private:
  Queue cpu_;
  gk_queue *cuda_ = nullptr;
  std::unique_ptr<DeviceArray<uint8_t>> workspace_;
};

// An array on both devices that begins with the same values.
template <class T>
class Twin {
 public:
  // Every byte 0xff: not a number.
  explicit Twin(int64_t n) : Twin(filled(n)) {}
  Twin(int64_t n, Random &random, float scale = 1) : Twin(Array<T>(n, random, scale)) {}
  explicit Twin(const std::vector<T> &values) : Twin(Array<T>(values)) {}
  explicit Twin(Array<T> values) : cpu_(std::move(values)), cuda_(cpu_) {}

  T *on(const Side &side) const { return side.cuda ? cuda_.data() : cpu_.data(); }
  int64_t size() const { return cpu_.size(); }
  const Array<T> &ofCpu() const { return cpu_; }
  Array<T> ofCuda() const { return cuda_.download(); }

 private:
  static Array<T> filled(int64_t n) {
    Array<T> values(n);
    values.fillBytes(0xff);
    return values;
  }
  Array<T> cpu_;
  DeviceArray<T> cuda_;
};

template <class T>
Array<T> copyOf(const Array<T> &values) {
  Array<T> copy(values.size());
  std::memcpy(copy.data(), values.data(), static_cast<size_t>(values.size()) * sizeof(T));
  return copy;
}

// ---- comparing ----

// Arrays of one size; differs(i) must be false for every index; `what` names op and shape.
template <class T, class Differs>
void expectAll(const std::string &what, const Array<T> &expected, const Array<T> &actual, Differs differs) {
  CHECK(expected.size() == actual.size());
  int64_t count = 0, first = -1;
  for (int64_t i = 0; i < expected.size(); ++i) {
    if (differs(i)) {
      first = first < 0 ? i : first;
      ++count;
    }
  }
  CHECK(count == 0, "%s: %lld of %lld differ, first [%lld]: %.9g, expected %.9g", what.c_str(),
        static_cast<long long>(count), static_cast<long long>(expected.size()), static_cast<long long>(first),
        count == 0 ? 0 : static_cast<double>(actual[first]), count == 0 ? 0 : static_cast<double>(expected[first]));
}

template <class T>
void expectSameBits(const std::string &what, const Array<T> &expected, const Array<T> &actual) {
  expectAll(what, expected, actual,
            [&](int64_t i) { return std::memcmp(expected.data() + i, actual.data() + i, sizeof(T)) != 0; });
}

// |actual - expected| <= bound(i), or both are the same bits, as where neither was written.
template <class Bound>
void expectClose(const std::string &what, const Array<float> &expected, const Array<float> &actual, Bound bound) {
  expectAll(what, expected, actual, [&](int64_t i) {
    return std::memcmp(expected.data() + i, actual.data() + i, sizeof(float)) != 0 &&
           !(std::fabs(static_cast<double>(actual[i]) - static_cast<double>(expected[i])) <= bound(i));
  });
}

// Whether kernels run on a GPU. Launches are shaped by its multiprocessors, which an emulated one may have as many of
// (machine.hpp): but what only large products do there, only a GPU can compute in a test's time.
inline bool onGpu() {
  int32_t build = GK_CUDA_NONE;
  OK(gk_cuda_build(&build));
  return build == GK_CUDA_DEVICE;
}

// An array of quantised activations' bytes a row.
inline int64_t activationBytes(int32_t dtype, int64_t cols) {
  int64_t bytes = 0;
  OK(gk_activation_row_bytes(dtype, cols, &bytes));
  return bytes;
}
inline gk_tensor activations(void *data, int64_t rows, int64_t cols, int32_t dtype) {
  return {data, rows, cols, cols, dtype, 0};
}

// As finish, and says how to run the emulation in the same order again.
inline int finish(const Both &) {
  const int status = finish();
  if (status != 0) {
    const char *const seed = std::getenv("GATUN_EMULATION_SEED");
    std::fprintf(stderr, "GATUN_EMULATION_SEED=%s\n", seed != nullptr ? seed : "1");
  }
  return status;
}

}  // namespace gatun::test

// results.cpp: memory of a queue that grows to what its largest op needed.
#include "results.hpp"

#include "queues.hpp"

namespace gatun::cpu {

Results::Results() : data_(nullptr), bytes_(0) {}

Results::~Results() {
  if (bytes_ > 0) {
    hostFree(data_, bytes_);
  }
}

float *Results::floats(int64_t count) {
  const int64_t wanted = count * static_cast<int64_t>(sizeof(float));
  if (wanted > bytes_) {
    if (bytes_ > 0) {
      hostFree(data_, bytes_);
      bytes_ = 0;
    }
    data_ = hostAlloc(wanted);
    bytes_ = wanted;
  }
  return static_cast<float *>(data_);
}

}  // namespace gatun::cpu

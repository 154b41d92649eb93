// results.hpp: float32 that an op writes before it is quantised; grows to the largest step and stays.
#pragma once

#include <cstdint>

namespace gatun::cpu {

class Results {
 public:
  Results();
  Results(const Results &) = delete;
  Results &operator=(const Results &) = delete;
  ~Results();

  float *floats(int64_t count);

 private:
  void *data_;
  int64_t bytes_;
};

}  // namespace gatun::cpu

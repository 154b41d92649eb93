// scratch.hpp: float32 that an op writes before it is quantised; grows to the largest step and stays.
#pragma once

#include <cstdint>

namespace gatun::cpu {

class Scratch {
 public:
  Scratch();
  Scratch(const Scratch &) = delete;
  Scratch &operator=(const Scratch &) = delete;
  ~Scratch();

  float *floats(int64_t count);

 private:
  void *data_;
  int64_t bytes_;
};

}  // namespace gatun::cpu

// clock.cpp: time for measurements; here, since std::chrono must not be compiled for an instruction set.
#include "clock.hpp"

#include <chrono>

namespace gatun::cpu {

double secondsNow() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace gatun::cpu

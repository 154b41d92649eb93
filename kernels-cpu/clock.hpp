// clock.hpp: time for measurements.
#pragma once

namespace gatun::cpu {

// Seconds on a clock that never goes back.
double secondsNow();

}  // namespace gatun::cpu

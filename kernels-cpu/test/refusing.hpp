// refusing.hpp: for tests of what is refused: each case spoils one argument of a call that succeeds.
#pragma once

#include "contract.hpp"

namespace gatun::test {

// `call` must fail with `status` and exactly this text.
inline void refuses(int32_t result, int32_t status, const char *text, int line) {
  CHECK(result == status && std::strcmp(gk_last_error(), text) == 0, "(line %d) status %d: \"%s\", expected %d: \"%s\"",
        line, result, result == GK_OK ? "" : gk_last_error(), status, text);
}
#define REFUSES(call, text) refuses(call, GK_BAD_ARGUMENT, text, __LINE__)

// Sets a field for one call.
template <class T, class V, class Call>
int32_t with(T &field, V value, Call call) {
  const T kept = field;
  field = static_cast<T>(value);
  const int32_t result = call();
  field = kept;
  return result;
}

// An address so many bytes further.
template <class T>
T *off(T *p, int64_t bytes) {
  return reinterpret_cast<T *>(reinterpret_cast<uintptr_t>(p) + static_cast<uintptr_t>(bytes));
}

}  // namespace gatun::test

// guard.hpp: nothing thrown crosses the contract; it becomes a status and a line of text for the calling thread.
#pragma once

#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <new>
#include <system_error>

#include "gatun/kernels.h"

namespace gatun {

// A refusal with its status. The text lies inside, so that refusing never needs memory.
class Error : public std::exception {
 public:
  __attribute__((format(printf, 3, 4))) Error(gk_status status, const char *format, ...) : status_(status) {
    va_list values;
    va_start(values, format);
    std::vsnprintf(text_, sizeof text_, format, values);
    va_end(values);
  }
  gk_status status() const { return status_; }
  const char *what() const noexcept override { return text_; }

 private:
  gk_status status_;
  char text_[400];
};

// Keeps "op: text" for gk_last_error and returns the status.
int32_t keepError(gk_status status, const char *op, const char *text) noexcept;

// Runs the body of the exported function `op`.
template <class Body>
int32_t guarded(const char *op, Body &&body) noexcept {
  try {
    body();
    return GK_OK;
  } catch (const Error &e) {
    return keepError(e.status(), op, e.what());
  } catch (const std::bad_alloc &) {
    return keepError(GK_OUT_OF_MEMORY, op, "the system has no more memory to give");
  } catch (const std::system_error &e) {
    return keepError(GK_OUT_OF_MEMORY, op, e.what());
  } catch (const std::exception &e) {
    return keepError(GK_INTERNAL, op, e.what());
  } catch (...) {
    return keepError(GK_INTERNAL, op, "an exception of unknown type");
  }
}

}  // namespace gatun

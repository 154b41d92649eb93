// launching.hpp: starts kernels of the emulation's own tests.
#pragma once

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <vector>

#include "../../../kernels-cpu/test/check.hpp"
#include "device/dialect.hpp"

namespace gatun::test {

template <class... Parameters, class... Arguments>
void start(const cuda::LaunchShape &shape, void (*kernel)(Parameters...), Arguments &&...arguments) {
  const cudaError_t status =
      cuda::launchOn(nullptr, false, cuda::emulation::card().sharedLimit, shape, kernel, arguments...);
  CHECK(status == cudaSuccess, "%s", cudaGetErrorString(status));
}

// What a call says that ends the program; empty where it does not.
template <class Call>
std::string lastWords(Call call) {
  int ends[2];
  CHECK(pipe(ends) == 0);
  std::fflush(nullptr);
  const pid_t child = fork();
  if (child == 0) {
    const rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    dup2(ends[1], STDERR_FILENO);
    call();
    _exit(0);
  }
  close(ends[1]);
  std::string words;
  char buffer[4096];
  for (ssize_t n; (n = read(ends[0], buffer, sizeof buffer)) > 0;) {
    words.append(buffer, static_cast<size_t>(n));
  }
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? "" : words;
}

}  // namespace gatun::test

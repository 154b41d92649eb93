// Gathers: calls MPI, as ranks may, and a planted violation: it calls the kernels.
package dev.gatun.planted.ranks;

import dev.gatun.planted.bindings.Native;
import dev.gatun.planted.bindings.mpi.Library;

final class Gathers {
  void gather() {
    Library.call();
  }

  void multiply() {
    Native.call();
  }
}

// Talks: planted violations; prints, logs, and calls the kernels, MPI, llguidance and CUDA, from
// where none of it belongs.
package dev.gatun.planted.text;

import dev.gatun.planted.bindings.Native;
import dev.gatun.planted.bindings.llguidance.Matcher;
import dev.gatun.planted.bindings.mpi.Library;
import java.util.logging.Logger;
import org.bytedeco.cuda.global.cudart;

final class Talks {
  private static final Logger LOGGER = Logger.getLogger("planted");

  void talk() {
    System.out.println("out");
    System.err.println("err");
    LOGGER.info("log");
    Native.call();
  }

  void gather() {
    Library.call();
  }

  void mask() {
    Matcher.call();
  }

  void copy() {
    cudart.cudaGetLastError();
  }

  void trace(Exception e) {
    e.printStackTrace();
  }
}

// Library: loads libgatun.so once and turns its status codes into Refusals.
package dev.gatun.device;

import dev.gatun.bindings.Kernels;
import dev.gatun.refusal.Refusal;
import java.nio.file.Path;

/** The native library; {@code -Dgatun.library} names its file. */
final class Library {
  private Library() {}

  static {
    load();
  }

  /**
   * Loads the library on first use; Refusal.device if it is missing, broken or of another version.
   */
  static void require() {
    // The static initialiser has run by now.
  }

  private static void load() {
    String file = System.getProperty("gatun.library", "build/libgatun.so");
    try {
      System.load(Path.of(file).toAbsolutePath().toString());
    } catch (UnsatisfiedLinkError e) {
      throw Refusal.device(
          "cannot load " + file + ": " + e.getMessage(),
          "build it with cmake, or name it with -Dgatun.library=FILE",
          e);
    }
    int version = Kernels.gk_abi_version();
    if (version != Kernels.GK_ABI_VERSION()) {
      throw Refusal.device(
          file + " speaks version " + version + ", the engine " + Kernels.GK_ABI_VERSION(),
          "rebuild both",
          null);
    }
  }

  /** Returns if {@code status} is GK_OK; otherwise throws with the library's own text. */
  static void check(int status, String function) {
    if (status == Kernels.GK_OK()) {
      return;
    }
    String text = Kernels.gk_last_error().reinterpret(4096).getString(0);
    if (status == Kernels.GK_OUT_OF_MEMORY()) {
      throw Refusal.doesNotFit(text, "use a smaller context (-c), batch (-ub) or model");
    }
    throw Refusal.device(
        text.startsWith("gk_") ? text : function + ": " + text,
        "run with -v for the stack trace, or try --device cpu --isa plain",
        null);
  }
}

// Library: loads libgatun.so once and turns its status codes into Refusals.
package dev.gatun.device;

import dev.gatun.bindings.Kernels;
import dev.gatun.refusal.Refusal;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;

/**
 * The native library: the file that {@code -Dgatun.library} names, else the one in the jar of this
 * platform.
 */
final class Library {
  /** What to do where memory runs out. */
  static final String SMALLER = "use a smaller context (-c), batch (-ub) or model";

  /** What to do where a kernel faulted. */
  static final String WHICH_OP =
      "run with JAVA_TOOL_OPTIONS=-Dgatun.sync=true to learn which op failed, or --device cpu";

  // Kept, since what an initialiser throws reaches its first caller only, and wrapped.
  private static final Optional<Refusal> FAILURE = attempt();

  private Library() {}

  /**
   * Loads the library on first use; Refusal.device if it is missing, broken or of another version.
   */
  static void require() {
    if (FAILURE.isPresent()) {
      throw FAILURE.get();
    }
  }

  /** Never looked for in the current folder, which may be a stranger's. */
  static Path file() {
    String named = System.getProperty("gatun.library");
    return named != null
        ? Path.of(named).toAbsolutePath()
        : BundledLibrary.file()
            .orElseThrow(
                () ->
                    Refusal.device(
                        "libgatun.so is neither named nor in a jar",
                        "name it with -Dgatun.library=FILE, or add the artefact gatun-engine with"
                            + " classifier linux-x86_64",
                        null));
  }

  private static Optional<Refusal> attempt() {
    try {
      return load(file());
    } catch (Refusal refusal) {
      return Optional.of(refusal);
    }
  }

  private static Optional<Refusal> load(Path file) {
    try {
      System.load(file.toString());
    } catch (UnsatisfiedLinkError e) {
      return Optional.of(
          Refusal.device(
              "cannot load " + file + ": " + e.getMessage(),
              "build it with cmake, or name it with -Dgatun.library=FILE",
              e));
    }
    int version = Kernels.gk_abi_version();
    if (version != Kernels.GK_ABI_VERSION()) {
      return Optional.of(
          Refusal.device(
              file + " speaks version " + version + ", the engine " + Kernels.GK_ABI_VERSION(),
              "rebuild both",
              null));
    }
    return Optional.empty();
  }

  /** The library's {@code enum gk_cuda_build}. */
  static int cudaBuild() {
    require();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(ValueLayout.JAVA_INT);
      check(Kernels.gk_cuda_build(out), "gk_cuda_build");
      return out.get(ValueLayout.JAVA_INT, 0);
    }
  }

  /** Host memory of {@code bytes} bytes, for gk_host_free; NULL where there is none left. */
  static MemorySegment hostMemory(long bytes) {
    try (Arena scratch = Arena.ofConfined()) {
      MemorySegment out = scratch.allocate(ValueLayout.ADDRESS);
      int status = Kernels.gk_host_alloc(bytes, out);
      if (status == Kernels.GK_OUT_OF_MEMORY()) {
        return MemorySegment.NULL;
      }
      check(status, "gk_host_alloc");
      return out.get(ValueLayout.ADDRESS, 0);
    }
  }

  /** Returns if {@code status} is GK_OK; otherwise throws with the library's own text. */
  static void check(int status, String function) {
    if (status == Kernels.GK_OK()) {
      return;
    }
    String text = Kernels.gk_last_error().reinterpret(4096).getString(0);
    if (!text.startsWith(function)) {
      // A fault that another function met, such as the sync after an op.
      text = function + ": " + text.replaceFirst("^gk_\\w+: ", "");
    }
    if (status == Kernels.GK_OUT_OF_MEMORY()) {
      throw Refusal.doesNotFit(text, SMALLER);
    }
    throw Refusal.device(text, remedy(status), null);
  }

  private static String remedy(int status) {
    return status == Kernels.GK_DEVICE_FAILED()
        ? WHICH_OP
        : "run with -v for the stack trace, or try --device cpu --isa plain";
  }

  static String gibibytes(long bytes) {
    return String.format(Locale.ROOT, "%.2f GiB", bytes / (double) (1L << 30));
  }
}

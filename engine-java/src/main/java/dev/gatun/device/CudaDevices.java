// CudaDevices: finds the driver, CUDA's libraries and the GPUs, or says what is missing.
package dev.gatun.device;

import dev.gatun.bindings.Kernels;
import dev.gatun.refusal.Refusal;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Nothing of CUDA or JavaCPP is loaded before it is asked for here. {@code -Dgatun.cuda=FOLDER} is
 * where CUDA's libraries lie when no toolkit is installed; by default where scripts/fetch-cuda puts
 * it.
 */
public final class CudaDevices {
  private static final String DRIVER = "libcuda.so.1";
  private static final String RUNTIME = "libcudart.so.13";
  private static final String BLAS = "libcublas.so.13";
  // What the former needs, which a folder on no search path has to be asked for first.
  private static final String BLAS_PART = "libcublasLt.so.13";
  private static final String NCCL = "libnccl.so.2";
  private static final Path DRIVER_VERSION = Path.of("/proc/driver/nvidia/version");

  // JavaCPP would count the memory of weights as its own and refuse to go on, and collect
  // pointers that are closed here.
  private static final Map<String, String> JAVACPP_SETTINGS =
      Map.of(
          "org.bytedeco.javacpp.maxBytes", "0",
          "org.bytedeco.javacpp.maxPhysicalBytes", "0",
          "org.bytedeco.javacpp.nopointergc", "true",
          "org.bytedeco.javacpp.cachedir", cache().resolve("javacpp").toString());

  private CudaDevices() {}

  /** The GPUs of this machine; Refusal.device with the reason where there is none. */
  public static List<Gpu> list() {
    CudaRuntime runtime = runtime();
    return IntStream.range(0, runtime.devices()).mapToObj(runtime::describe).toList();
  }

  /** What the driver measures of a GPU; empty where it tells nothing. */
  public static Optional<GpuState> state(Gpu gpu) {
    return Nvml.state(gpu);
  }

  /** Why {@link #state} tells nothing; empty where it does. */
  public static Optional<String> unmeasured() {
    return Nvml.missing();
  }

  /** Whether NVIDIA's driver, or a part of it, is here; asks no GPU. */
  static boolean hasDriver() {
    return loads(DRIVER) || module().isPresent();
  }

  /** The version of NVIDIA's driver; empty where there is none. */
  public static Optional<String> driver() {
    return module().or(Nvml::driver);
  }

  /** Of the kernel module, which under WSL is Windows' affair. */
  private static Optional<String> module() {
    try (Stream<String> lines = Files.lines(DRIVER_VERSION)) {
      return lines
          .filter(line -> line.startsWith("NVRM version:"))
          .flatMap(line -> Stream.of(line.split("\\s+")))
          .filter(word -> word.matches("\\d+\\.\\d+(\\.\\d+)?"))
          .findFirst();
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /** Refusal.device where the build, the driver or a library is missing. */
  static CudaRuntime runtime() {
    int build = Library.cudaBuild();
    if (build == Kernels.GK_CUDA_NONE()) {
      throw Refusal.device(
          "this libgatun was built without its CUDA back end",
          "build it anew where there are a driver and nvcc (without the folder build), or use"
              + " --device cpu",
          null);
    }
    if (build == Kernels.GK_CUDA_EMULATED()) {
      throw Refusal.device(
          "the CUDA back end of this libgatun is emulated, for tests",
          "build it with cmake -DGATUN_CUDA=on, or use --device cpu",
          null);
    }
    return preset();
  }

  /** The runtime of tests, for a libgatun whose GPU is emulated; Refusal.device anywhere else. */
  static CudaRuntime emulated() {
    if (Library.cudaBuild() != Kernels.GK_CUDA_EMULATED()) {
      throw Refusal.device(
          "this libgatun has no emulated CUDA back end",
          "use --device cuda or cpu (for tests: cmake -DGATUN_CUDA=emulated, -Dgatun.library)",
          null);
    }
    return ServiceLoader.load(CudaRuntime.class)
        .findFirst()
        .orElseThrow(
            () ->
                Refusal.device(
                    "the emulated GPU is part of the tests alone",
                    "use --device cuda or cpu",
                    null));
  }

  /** CUDA through JavaCPP, whatever this libgatun is. */
  static CudaRuntime preset() {
    requireDriver();
    requireRuntime();
    return javaCpp();
  }

  private static void requireDriver() {
    if (!loads(DRIVER)) {
      throw Refusal.device(
          driver().isPresent()
              ? "the NVIDIA driver's library " + DRIVER + " is not found"
              : "there is no NVIDIA driver (" + DRIVER + " is not found)",
          driver().isPresent()
              ? "make it visible here (in a container: NVIDIA's container toolkit)"
              : "install one (580 or later), or use --device cpu",
          null);
    }
  }

  /** Whether cuBLAS is found, which only --gemm cublas and fastest need. */
  public static boolean hasCublas() {
    return found(BLAS_PART) && found(BLAS);
  }

  /** Loads cuBLAS and JavaCPP's library for it; Refusal.device where one of them is missing. */
  static void requireCublas() {
    if (!hasCublas()) {
      throw Refusal.device(
          "cuBLAS (" + BLAS + ") is not found",
          "run scripts/fetch-cuda --cublas, install the CUDA 13 toolkit, or use --gemm own",
          null);
    }
    load(org.bytedeco.cuda.global.cublas.class);
  }

  /** Whether NCCL is found, by which GPUs of several processes hand each other bytes. */
  static boolean hasNccl() {
    return found(NCCL);
  }

  /** Loads NCCL and JavaCPP's library for it; Refusal.device where one of them is missing. */
  static void requireNccl() {
    if (!hasNccl()) {
      throw Refusal.device(
          "NCCL (" + NCCL + ") is not found",
          "run scripts/fetch-cuda --nccl, install it (libnccl2), or use --exchange host",
          null);
    }
    load(org.bytedeco.cuda.global.nccl.class);
  }

  /** Loads the runtime, so that JavaCPP's library finds it by its name. */
  private static void requireRuntime() {
    if (!found(RUNTIME)) {
      throw Refusal.device(
          "CUDA's runtime library " + RUNTIME + " is not found",
          "run scripts/fetch-cuda, or install the CUDA 13 toolkit, or use --device cpu",
          null);
    }
  }

  /** The toolkit's first, wherever it is; then what scripts/fetch-cuda brought. */
  private static boolean found(String library) {
    List<String> candidates = new ArrayList<>(List.of(library));
    for (String variable : List.of("CUDA_HOME", "CUDA_PATH")) {
      Optional.ofNullable(System.getenv(variable))
          .filter(home -> !home.isBlank())
          .ifPresent(home -> candidates.add(home + "/lib64/" + library));
    }
    candidates.add("/usr/local/cuda/lib64/" + library);
    candidates.add(
        Optional.ofNullable(System.getProperty("gatun.cuda"))
            .map(Path::of)
            .orElse(cache().resolve("cuda"))
            .resolve(library)
            .toString());
    return candidates.stream().anyMatch(CudaDevices::loads);
  }

  private static boolean loads(String library) {
    try {
      SymbolLookup.libraryLookup(library, Arena.global());
      return true;
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  /** Before JavaCPP's first class is loaded, which reads these. */
  static void configureJavaCpp() {
    JAVACPP_SETTINGS.forEach(
        (name, value) -> {
          if (System.getProperty(name) == null) {
            System.setProperty(name, value);
          }
        });
  }

  private static CudaRuntime javaCpp() {
    load(org.bytedeco.cuda.global.cudart.class);
    return new JavaCppRuntime();
  }

  private static void load(Class<?> preset) {
    configureJavaCpp();
    try {
      org.bytedeco.javacpp.Loader.load(preset);
    } catch (LinkageError e) {
      throw Refusal.device(
          "JavaCPP's CUDA library cannot be loaded: " + why(e),
          "build the engine again on linux-x86_64, or use --device cpu",
          e);
    }
  }

  /** JavaCPP tells what the system's loader said as the cause. */
  static String why(Throwable failure) {
    Throwable cause = failure;
    while (cause.getCause() != null) {
      cause = cause.getCause();
    }
    return String.valueOf(cause.getMessage());
  }

  /** Where scripts/fetch-cuda and the hub keep what can be fetched again. */
  private static Path cache() {
    Map<String, String> environment = System.getenv();
    String own = environment.getOrDefault("GATUN_CACHE", "");
    if (!own.isBlank()) {
      return Path.of(own).toAbsolutePath();
    }
    Path xdg = Path.of(environment.getOrDefault("XDG_CACHE_HOME", ""));
    Path folder = xdg.isAbsolute() ? xdg : Path.of(System.getProperty("user.home"), ".cache");
    return folder.resolve("gatun");
  }
}

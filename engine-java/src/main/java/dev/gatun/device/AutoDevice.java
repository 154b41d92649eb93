// AutoDevice: where to run if nobody says: a GPU that can be used, else the CPU, and why.
package dev.gatun.device;

import dev.gatun.refusal.Refusal;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * {@code -Dgatun.device=NAME} decides it for a whole process, as the tests do.
 *
 * @param name that {@link DeviceChoice#named} reads
 * @param told for people, one line; empty where there is nothing to tell: a machine without an
 *     NVIDIA driver has no GPU that could be missed
 */
public record AutoDevice(String name, Optional<String> told) {
  private static final AutoDevice PLAIN_CPU = new AutoDevice("cpu", Optional.empty());

  /**
   * The first GPU, in the driver's order, that the kernels can run on, else the CPU. Whether a
   * model fits is not asked: what does not fit is refused later, and never moved elsewhere.
   */
  public static AutoDevice find() {
    String decided = System.getProperty("gatun.device");
    return decided != null
        ? new AutoDevice(decided, Optional.empty())
        : of(CudaDevices.hasDriver(), CudaDevices::runtime);
  }

  static AutoDevice of(boolean driver, Supplier<CudaRuntime> runtime) {
    if (!driver) {
      return PLAIN_CPU;
    }
    try {
      return among(runtime.get());
    } catch (Refusal refusal) {
      return unused(refusal.getMessage());
    }
  }

  private static AutoDevice among(CudaRuntime runtime) {
    int devices = runtime.devices();
    for (int i = 0; i < devices; i++) {
      Gpu gpu = runtime.describe(i);
      if (gpu.capability() >= Gpu.OLDEST) {
        String name = "cuda:" + i;
        return new AutoDevice(name, Optional.of("device: " + name + " (" + gpu.name() + ")"));
      }
    }
    Gpu first = runtime.describe(0);
    return unused(
        first.name()
            + " has compute capability "
            + first.generation()
            + ", the kernels need 8.0 (Ampere) or later; --device cpu says the same without this"
            + " line");
  }

  private static AutoDevice unused(String why) {
    return new AutoDevice("cpu", Optional.of("device: cpu, the GPU is not used: " + why));
  }
}

// AutoDeviceTest: which device is taken where none is named, and what is told of it.
package dev.gatun.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;

import dev.gatun.refusal.Refusal;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class AutoDeviceTest {
  private static final Gpu OLD = gpu(0, "GeForce GTX 1080", 61);

  private static Gpu gpu(int index, String name, int capability) {
    return new Gpu(index, name, capability, 1L << 33, "", "");
  }

  /** A driver of these GPUs that nothing else may be asked of. */
  private static CudaRuntime runtime(List<Gpu> gpus) {
    return (CudaRuntime)
        Proxy.newProxyInstance(
            CudaRuntime.class.getClassLoader(),
            new Class<?>[] {CudaRuntime.class},
            (_, method, arguments) ->
                switch (method.getName()) {
                  case "devices" -> gpus.size();
                  case "describe" -> gpus.get((int) arguments[0]);
                  default -> throw new AssertionError(method.getName());
                });
  }

  @Test
  void theFirstGpuThatCanBeUsedIsTaken() {
    Gpu ada = gpu(1, "GeForce RTX 4090", 89);
    assertEquals(
        new AutoDevice("cuda:1", Optional.of("device: cuda:1 (GeForce RTX 4090)")),
        AutoDevice.of(true, () -> runtime(List.of(OLD, ada, gpu(2, "other", 90)))));
  }

  @Test
  void aMachineWithoutADriverIsNotToldAnything() {
    assertEquals(
        new AutoDevice("cpu", Optional.empty()),
        AutoDevice.of(false, () -> fail("CUDA is asked without a driver")));
  }

  @Test
  void whyTheGpuIsNotUsedIsTold() {
    assertEquals(
        new AutoDevice(
            "cpu", Optional.of("device: cpu, the GPU is not used: no library; fetch it")),
        AutoDevice.of(
            true,
            () -> {
              throw Refusal.device("no library", "fetch it", null);
            }));
    assertEquals(
        Optional.of(
            "device: cpu, the GPU is not used: GeForce GTX 1080 has compute capability 6.1, the"
                + " kernels need 8.0 (Ampere) or later; --device cpu says the same without this"
                + " line"),
        AutoDevice.of(true, () -> runtime(List.of(OLD))).told());
  }
}

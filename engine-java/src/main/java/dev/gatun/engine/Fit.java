// Fit: whether weights and cache fit the device's memory.
package dev.gatun.engine;

import dev.gatun.device.Device;
import dev.gatun.refusal.Refusal;
import java.util.Locale;

/** Compares what a load would take with what the system says is available. */
final class Fit {
  private Fit() {}

  /** Refusal.doesNotFit with the largest context that would fit, or none. */
  static void check(Device device, long weightBytes, long cacheBytes, long cacheBytesOfPage) {
    long available = device.memory().free();
    if (weightBytes + cacheBytes <= available) {
      return;
    }
    long pages = Math.max(0, available - weightBytes) / cacheBytesOfPage;
    long tokens = pages * Device.pageTokens();
    throw Refusal.doesNotFit(
        String.format(
            Locale.ROOT,
            "weights need %s and the cache %s, %s of memory are free on %s",
            gib(weightBytes),
            gib(cacheBytes),
            gib(available),
            device.name()),
        tokens > 0 ? "use -c " + tokens + " or less" : "use a smaller model or quantisation");
  }

  private static String gib(long bytes) {
    return String.format(Locale.ROOT, "%.2f GiB", bytes / (double) (1L << 30));
  }
}

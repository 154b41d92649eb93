// Fit: whether weights and cache fit this machine's memory.
package dev.gatun.engine;

import dev.gatun.device.Device;
import dev.gatun.refusal.Refusal;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/** Compares what a load would take with what the system says is available. */
final class Fit {
  private static final Path MEMINFO = Path.of("/proc/meminfo");

  private Fit() {}

  /** Refusal.doesNotFit with the largest context that would fit, or none. */
  static void check(long weightBytes, long cacheBytes, long cacheBytesOfPage) {
    long available = availableBytes();
    if (weightBytes + cacheBytes <= available) {
      return;
    }
    long pages = Math.max(0, available - weightBytes) / cacheBytesOfPage;
    long tokens = pages * Device.pageTokens();
    throw Refusal.doesNotFit(
        String.format(
            Locale.ROOT,
            "weights need %s and the cache %s, %s of memory are available",
            gib(weightBytes),
            gib(cacheBytes),
            gib(available)),
        tokens > 0 ? "use -c " + tokens + " or less" : "use a smaller model or quantisation");
  }

  private static String gib(long bytes) {
    return String.format(Locale.ROOT, "%.2f GiB", bytes / (double) (1L << 30));
  }

  /** MemAvailable of /proc/meminfo (source: proc(5)); no limit where the system does not say. */
  private static long availableBytes() {
    try {
      for (String line : Files.readAllLines(MEMINFO)) {
        if (line.startsWith("MemAvailable:")) {
          return Long.parseLong(line.replaceAll("[^0-9]", "")) * 1024;
        }
      }
    } catch (IOException e) {
      return Long.MAX_VALUE;
    }
    return Long.MAX_VALUE;
  }
}

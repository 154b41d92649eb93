// Amount: sizes and counts as people read them.
package dev.gatun.cli;

import java.util.Locale;

final class Amount {
  private Amount() {}

  /** Binary units, as llama.cpp prints sizes: 92.10 MiB. */
  static String bytes(long bytes) {
    if (bytes < 1 << 10) {
      return bytes + " B";
    }
    return bytes < 1 << 20
        ? format(bytes, 1 << 10, "KiB")
        : bytes < 1 << 30 ? format(bytes, 1 << 20, "MiB") : format(bytes, 1 << 30, "GiB");
  }

  /** Decimal units: 134.52 M, 32.76 B. */
  static String count(long count) {
    return count < 1_000_000
        ? format(count, 1e3, "K")
        : count < 1_000_000_000 ? format(count, 1e6, "M") : format(count, 1e9, "B");
  }

  private static String format(long value, double unit, String name) {
    return String.format(Locale.ROOT, "%.2f %s", value / unit, name);
  }
}

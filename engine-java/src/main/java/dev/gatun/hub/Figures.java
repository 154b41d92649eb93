// Figures: sizes and times as people read them.
package dev.gatun.hub;

import java.time.Duration;
import java.util.Locale;

/** Three figures, and decimal units. */
public final class Figures {
  private Figures() {}

  /** 98.4 MB. */
  public static String size(long bytes) {
    if (bytes < 1000) {
      return bytes + " bytes";
    }
    double value = bytes;
    int unit = -1;
    while (value >= 999.5) {
      value /= 1000;
      unit++;
    }
    String format = value < 9.995 ? "%.2f" : value < 99.95 ? "%.1f" : "%.0f";
    return String.format(Locale.ROOT, format, value) + " " + "kMGTPE".charAt(unit) + "B";
  }

  static String seconds(Duration time) {
    return String.format(Locale.ROOT, "%.3g s", time.toMillis() / 1000.0);
  }
}

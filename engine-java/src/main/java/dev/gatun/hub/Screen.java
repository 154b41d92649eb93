// Screen: where progress is shown; a bar on a terminal, a line every tenth elsewhere.
package dev.gatun.hub;

import java.io.IOException;
import java.io.PrintStream;
import java.time.Duration;
import java.util.Locale;
import java.util.function.BooleanSupplier;

/**
 * The stream that progress goes to.
 *
 * @param terminal whether a bar may be redrawn in place; asked only when there is one to show
 */
public record Screen(PrintStream out, BooleanSupplier terminal) {

  /** Standard error. */
  public static Screen stderr() {
    return new Screen(System.err, Screen::isTerminal);
  }

  /** Shows nothing. */
  public static Screen quiet() {
    return new Screen(new PrintStream(PrintStream.nullOutputStream()), () -> false);
  }

  /** One line; control characters, which may come from a server, are taken out. */
  void line(String text) {
    out.println(text.replaceAll("\\p{Cntrl}+", " "));
    out.flush();
  }

  /**
   * Starts a bar.
   *
   * @param total bytes to come, -1 where unknown
   */
  Progress progress(String label, long total) {
    return new Progress(this, label, total);
  }

  /** Decimal units, three figures: 98.4 MB. */
  static String size(long bytes) {
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

  // Java tells only of standard input and output; POSIX's test asks the descriptor it inherits.
  private static boolean isTerminal() {
    try {
      Process test =
          new ProcessBuilder("test", "-t", "2")
              .redirectError(ProcessBuilder.Redirect.INHERIT)
              .start();
      return test.waitFor() == 0;
    } catch (IOException e) {
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }
}

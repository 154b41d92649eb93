// StatsLine: the last line of an answer: how much was read and written, and how fast.
package dev.gatun.cli;

import dev.gatun.engine.Generation;
import java.util.Locale;

final class StatsLine {
  private StatsLine() {}

  /** {@code prompt 12 tokens, 345.6 t/s · generation 128 tokens, 61.2 t/s · first token 0.21 s}. */
  static String of(Generation.Stats stats) {
    int read = stats.promptTokens() + stats.rereadTokens();
    // The first token comes out of the prompt's step, so generation's time covers one token less.
    return "prompt "
        + tokens(read, read, stats.promptNanos())
        + " · generation "
        + tokens(stats.generatedTokens(), stats.generatedTokens() - 1, stats.generationNanos())
        + " · first token "
        + String.format(Locale.ROOT, "%.2f s", stats.promptNanos() / 1e9);
  }

  private static String tokens(int count, int timed, long nanos) {
    String counted = count + (count == 1 ? " token" : " tokens");
    return timed > 0 && nanos > 0
        ? counted + String.format(Locale.ROOT, ", %.1f t/s", timed * 1e9 / nanos)
        : counted;
  }
}

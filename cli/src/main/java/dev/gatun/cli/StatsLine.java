// StatsLine: the last line of an answer: how much was read and written, and how fast.
package dev.gatun.cli;

import dev.gatun.dialogue.Dialogue;
import dev.gatun.engine.Generation;
import java.util.Locale;

final class StatsLine {
  private StatsLine() {}

  /** The engine's figures, and where a model thought, for how long and what ended that early. */
  static String of(Dialogue.Reply reply) {
    int thinking = reply.usage().thinkingTokens();
    String ended =
        switch (reply.thinkingEnd()) {
          case BUDGET -> ", ended by the budget";
          case LOOP -> ", ended in a loop";
          case MODEL, NONE -> "";
        };
    return of(reply.stats()) + (thinking > 0 ? " · thinking " + counted(thinking) + ended : "");
  }

  /** {@code prompt 12 tokens, 345.6 t/s · generation 128 tokens, 61.2 t/s · first token 0.21 s}. */
  static String of(Generation.Stats stats) {
    // The first token comes out of the prompt's step, so generation's time covers one token less.
    return "prompt "
        + tokens(stats.promptTokens(), stats.promptTokens(), stats.promptNanos())
        + " · generation "
        + tokens(stats.generatedTokens(), stats.generatedTokens() - 1, stats.generationNanos())
        + " · first token "
        + String.format(Locale.ROOT, "%.2f s", stats.promptNanos() / 1e9);
  }

  private static String tokens(int count, int timed, long nanos) {
    return timed > 0 && nanos > 0
        ? counted(count) + String.format(Locale.ROOT, ", %.1f t/s", timed * 1e9 / nanos)
        : counted(count);
  }

  private static String counted(int count) {
    return count + (count == 1 ? " token" : " tokens");
  }
}

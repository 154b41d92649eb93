// BenchCase: one line of a bench: so many prompt tokens and generated ones, of so many sequences.
package dev.gatun.cli;

import dev.gatun.refusal.Refusal;

/**
 * @param prompt tokens read at once
 * @param generated tokens run one by one
 * @param depth tokens that are in the cache before, 0 or more
 * @param parallel sequences that do this at the same time
 */
record BenchCase(int prompt, int generated, int depth, int parallel) {
  private static final int MOST_TOKENS = 1_000_000_000;

  BenchCase {
    if (prompt < 0 || generated < 0 || depth < 0) {
      throw Refusal.usage(
          "a test of " + prompt + " and " + generated + " tokens behind " + depth,
          "give -p, -n, -pg and -d lengths of 0 or more");
    }
    if (parallel < 1) {
      throw Refusal.usage("-np " + parallel, "give 1 sequence or more");
    }
    if (((long) depth + prompt + generated) * parallel > MOST_TOKENS) {
      throw Refusal.usage(
          "a test of more than " + MOST_TOKENS + " tokens", "give shorter lengths or fewer of -np");
    }
  }

  /** Tokens that are timed, of all sequences. */
  int tokens() {
    return (prompt + generated) * parallel;
  }

  /** Tokens of the cache that one sequence takes. */
  int context() {
    return depth + prompt + generated;
  }

  /** llama-bench's name: pp512, tg128, pp512+tg128, tg128 @ d4096. */
  String name() {
    String reads = prompt > 0 ? "pp" + prompt : "";
    String writes = generated > 0 ? "tg" + generated : "";
    return reads
        + (reads.isEmpty() || writes.isEmpty() ? "" : "+")
        + writes
        + (depth > 0 ? " @ d" + depth : "");
  }
}

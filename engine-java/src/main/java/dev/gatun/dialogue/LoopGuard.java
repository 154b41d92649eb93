// LoopGuard: sees thinking go round in a loop.
package dev.gatun.dialogue;

/**
 * A loop is a text of up to {@link #LONGEST_ROUND} tokens that came, token by token the same,
 * {@link #ROUNDS} times without a break, over {@link #LEAST_TOKENS} tokens or more. Lists and
 * tables, whose rows differ in a number or a word, are none, however long; neither is a short line
 * of one sign. A model that repeats itself with changes is not caught.
 */
final class LoopGuard {
  /** A few pages of text. */
  static final int LONGEST_ROUND = 1024;

  static final int ROUNDS = 4;

  /** A matrix of zeros or a ruled line may have some hundred. */
  static final int LEAST_TOKENS = 512;

  private final int[] last = new int[LONGEST_ROUND]; // a ring: token i at i mod its length
  // By length of a round: how many of the newest tokens equal the one a round before them.
  private final int[] repeated = new int[LONGEST_ROUND + 1];
  private int seen;

  /**
   * Takes the next token; whether it ends a loop. A comparison for each length of a round, less
   * than a microsecond together.
   */
  boolean loops(int token) {
    boolean loops = false;
    int most = Math.min(seen, LONGEST_ROUND);
    for (int round = 1; round <= most; round++) {
      boolean same = last[(seen - round) & LONGEST_ROUND - 1] == token;
      int count = same ? repeated[round] + 1 : 0;
      repeated[round] = count;
      loops |= count + round >= Math.max(LEAST_TOKENS, ROUNDS * round);
    }
    last[seen & LONGEST_ROUND - 1] = token;
    seen++;
    return loops;
  }
}

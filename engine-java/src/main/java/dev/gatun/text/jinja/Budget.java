// Budget: the work one rendering may do, so that no template can hang the engine.
package dev.gatun.text.jinja;

import static dev.gatun.text.jinja.TemplateFault.limit;

/**
 * Counts down; one budget serves one rendering. Forty thousand short messages through Qwen3's
 * template stay within it.
 */
final class Budget {
  /** Evaluated nodes, loop rounds and list elements made. */
  private static final long STEPS = 4_000_000;

  /** Characters made by all string operations together, live or not. */
  private static final long CHARS = 1L << 27;

  /** Nested evaluations; each takes a few Java frames of a stack of 1 MiB. */
  private static final int DEPTH = 1_000;

  /** Values inside values that are walked through. */
  static final int LEVELS = 500;

  /** Characters one step's worth of scanning covers. */
  private static final int CHARS_PER_STEP = 256;

  private long steps = STEPS;
  private long chars = CHARS;
  private int depth;

  void step() {
    steps(1);
  }

  void steps(long count) {
    steps -= count;
    if (steps < 0) {
      throw limit("the template does more than " + STEPS + " steps");
    }
  }

  /** Pays for a look at a value that lies inside {@code level} others. */
  void value(int level) {
    step();
    if (level > LEVELS) {
      throw limit("a value nests deeper than " + LEVELS + " levels");
    }
  }

  /** Pays for {@code count} new characters, before they are allocated. */
  void chars(long count) {
    chars -= count;
    if (chars < 0) {
      throw limit("the template makes more than " + CHARS + " characters of text");
    }
  }

  /** Pays for reading a string from end to end; other values are free. */
  void scan(Object value) {
    if (value instanceof String text) {
      steps(text.length() / CHARS_PER_STEP);
    }
  }

  /**
   * Pays for looking for {@code needle} in {@code text}: the worst case is the product of the
   * lengths.
   */
  void search(String text, String needle) {
    steps((long) text.length() * Math.max(1, needle.length()) / CHARS_PER_STEP);
  }

  void enter() {
    if (++depth > DEPTH) {
      throw limit("the template nests deeper than " + DEPTH + " levels");
    }
  }

  void leave() {
    depth--;
  }
}

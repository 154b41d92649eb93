// BenchTest: one line of a bench: so many prompt tokens, or so many generated ones.
package dev.gatun.cli;

import dev.gatun.refusal.Refusal;

/**
 * @param prompt tokens read at once
 * @param generated tokens run one by one
 */
record BenchTest(int prompt, int generated) {
  BenchTest {
    if (prompt < 0 || generated < 0) {
      throw Refusal.usage(
          "a test of " + (prompt + generated) + " tokens", "give -p and -n lengths of 0 or more");
    }
  }

  int tokens() {
    return prompt + generated;
  }

  /** llama-bench's name: pp512, tg128. */
  String name() {
    return prompt > 0 ? "pp" + prompt : "tg" + generated;
  }
}

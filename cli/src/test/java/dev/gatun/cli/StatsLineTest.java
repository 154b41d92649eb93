// StatsLineTest: the last line's wording and rates.
package dev.gatun.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.gatun.engine.Generation.Stats;
import org.junit.jupiter.api.Test;

class StatsLineTest {
  @Test
  void ratesAreTokensOverTheirOwnTime() {
    assertEquals(
        "prompt 12 tokens, 120.0 t/s · generation 129 tokens, 64.0 t/s · first token 0.10 s",
        StatsLine.of(new Stats(12, 0, 0, 100_000_000, 129, 2_000_000_000)));
  }

  @Test
  void oneTokenHasNoRate() {
    assertEquals(
        "prompt 1 token, 10.0 t/s · generation 1 token · first token 0.10 s",
        StatsLine.of(new Stats(1, 0, 0, 100_000_000, 1, 0)));
  }
}

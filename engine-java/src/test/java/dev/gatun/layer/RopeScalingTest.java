// RopeScalingTest: YaRN's frequencies for QwQ-32B at 131,072 tokens.
package dev.gatun.layer;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.gatun.weights.Rope;
import dev.gatun.weights.Scaling;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class RopeScalingTest {
  private static final Scaling YARN =
      new Scaling.Yarn(
          4, 32_768, 32, 1, true, Optional.empty(), Optional.empty(), Optional.empty());

  // transformers' _compute_yarn_parameters: the ramp goes from pair 23 to pair 40.
  @Test
  void yarnOfQwqKeepsTheFirstPairsAndDividesTheLastByFour() {
    RopeScaling scaled = RopeScaling.of(new Rope(1e6, 128, Rope.Style.HALF_SPLIT, YARN));
    for (int i = 0; i < 64; i++) {
      double plain = Math.pow(1e6, -2.0 * i / 128);
      double ramp = Math.clamp((i - 23) / 17.0, 0.0, 1.0);
      double expected = plain / 4 * ramp + plain * (1 - ramp);
      assertEquals(expected, scaled.invFreq()[i], expected * 1e-7, "pair " + i);
    }
  }

  @Test
  void cosinesAndSinesGrowByATenthOfTheLogarithm() {
    RopeScaling scaled = RopeScaling.of(new Rope(1e6, 128, Rope.Style.HALF_SPLIT, YARN));
    assertEquals(1.138629436f, scaled.factor(), 1e-7f);
  }
}

// LatentAttentionTest: by what the scores of published models are scaled.
package dev.gatun.layer;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.gatun.weights.AttentionConfig;
import dev.gatun.weights.Scaling;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LatentAttentionTest {
  private static final AttentionConfig.Latent R1 =
      new AttentionConfig.Latent(128, Optional.of(1536), 512, 128, 64, 128, false);

  private static Scaling yarn(double factor, Optional<Double> mscale) {
    return new Scaling.Yarn(factor, 4096, 32, 1, true, Optional.empty(), mscale, mscale);
  }

  /** DeepSeek-R1; Kimi-K2 as first published and of September 2025. */
  @ParameterizedTest
  @CsvSource({"40, 0.1352337789", "32, 0.130861", "64, 0.144680"})
  void yarnScalesScores(double factor, float expected) {
    assertEquals(expected, LatentAttention.scale(R1, yarn(factor, Optional.of(1.0))), 5e-7f);
  }

  @Test
  void withoutYarnOrItsMultiplierTheWidthAloneCounts() {
    float plain = (float) (1 / Math.sqrt(192));
    assertEquals(plain, LatentAttention.scale(R1, new Scaling.None()));
    assertEquals(plain, LatentAttention.scale(R1, yarn(40, Optional.empty())));
    assertEquals(plain, LatentAttention.scale(R1, yarn(1, Optional.of(1.0))));
  }
}

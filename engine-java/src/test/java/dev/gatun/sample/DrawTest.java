// DrawTest: the drawn tokens follow the distribution, and repeat with the seed.
package dev.gatun.sample;

import static dev.gatun.sample.Draws.logits;
import static dev.gatun.sample.Draws.plain;
import static dev.gatun.sample.Draws.shares;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class DrawTest {
  @Test
  void drawsFollowTheDistribution() {
    double[] shares = {0.4, 0.3, 0.15, 0.1, 0.05};
    int draws = 50_000;
    for (String chain : new String[] {"", "top_k"}) {
      Sampler sampler = new Sampler(plain(chain).withTopK(5).withSeed(2026));
      MemorySegment logits = shares(shares);
      int[] counts = new int[shares.length];
      for (int i = 0; i < draws; i++) {
        counts[sampler.sample(logits, shares.length)]++;
        sampler.accept(0);
      }
      double chiSquare = 0;
      for (int token = 0; token < shares.length; token++) {
        double expected = shares[token] * draws;
        chiSquare += Math.pow(counts[token] - expected, 2) / expected;
      }
      // 0.1 % point of chi-square with 4 degrees of freedom.
      assertTrue(chiSquare < 18.47, chain + ": chi-square " + chiSquare);
    }
  }

  @Test
  void theSameSeedDrawsTheSameTokens() {
    assertArrayEquals(draw(11, 200), draw(11, 200));
    assertFalse(Arrays.equals(draw(11, 200), draw(12, 200)));
  }

  // Fixed for good: a change of this list breaks every seed that users have written down.
  @Test
  void theTokensOfASeedAreFixed() {
    Sampler sampler = new Sampler(plain("top_k;temperature").withTopK(8).withTemperature(1.5));
    MemorySegment logits = logits(0.1, 0.9, 0.3, 0.7, 0.5, 0.2, 0.8, 0.4, 0.6, 1.0);
    int[] drawn = new int[16];
    for (int i = 0; i < drawn.length; i++) {
      drawn[i] = sampler.sample(logits, 10);
      sampler.accept(drawn[i]);
    }
    assertArrayEquals(
        new int[] {2, 6, 9, 6, 1, 6, 7, 1, 9, 8, 4, 4, 6, 9, 1, 9}, drawn, Arrays.toString(drawn));
  }

  @Test
  void askedAgainItDrawsTheSame() {
    Sampler sampler = new Sampler(plain("").withSeed(3));
    MemorySegment logits = logits(new float[1000]);
    int first = sampler.sample(logits, 1000);
    assertEquals(first, sampler.sample(logits, 1000));
  }

  @Test
  void aRandomSeedIsResolvedOnceAndGivesTheDrawBack() {
    Sampler first = new Sampler(plain("").withSeed(-1));
    assertTrue(first.options().seed() >= 0);
    MemorySegment logits = logits(new float[100_000]);
    int drawn = first.sample(logits, 100_000);
    assertEquals(drawn, new Sampler(first.options()).sample(logits, 100_000));
  }

  private static int[] draw(long seed, int count) {
    Random random = new Random(5);
    Sampler sampler = new Sampler(SamplingOptions.defaults().withSeed(seed).withMinP(0));
    float[] values = new float[3000];
    int[] drawn = new int[count];
    for (int i = 0; i < count; i++) {
      for (int j = 0; j < values.length; j++) {
        values[j] = (float) random.nextGaussian();
      }
      drawn[i] = sampler.sample(logits(values), values.length);
      sampler.accept(drawn[i]);
    }
    return drawn;
  }
}

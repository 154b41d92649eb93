// SamplerTest: each stage against its formula, the order of stages, and the draw itself.
package dev.gatun.sample;

import static dev.gatun.sample.Draws.distribution;
import static dev.gatun.sample.Draws.logits;
import static dev.gatun.sample.Draws.plain;
import static dev.gatun.sample.Draws.shares;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.refusal.Refusal;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class SamplerTest {
  private static final double TOLERANCE = 1e-6; // float32 logits

  @Test
  void noStageDrawsFromTheSoftmax() {
    Map<Integer, Double> d = distribution(plain(""), logits(1, 2, 0.5));
    double sum = Math.exp(1) + Math.exp(2) + Math.exp(0.5);
    assertEquals(Math.exp(1) / sum, d.get(0), TOLERANCE);
    assertEquals(Math.exp(2) / sum, d.get(1), TOLERANCE);
    assertEquals(Math.exp(0.5) / sum, d.get(2), TOLERANCE);
  }

  @Test
  void temperatureDividesTheLogits() {
    Map<Integer, Double> d =
        distribution(plain("temperature").withTemperature(0.5), logits(1, 2, 0.5));
    double sum = Math.exp(2) + Math.exp(4) + Math.exp(1);
    assertEquals(Math.exp(2) / sum, d.get(0), TOLERANCE);
    assertEquals(Math.exp(4) / sum, d.get(1), TOLERANCE);
  }

  @Test
  void topKKeepsTheGreatestAndTheLowerIdOfATie() {
    MemorySegment logits = logits(3, 1, 3, 2, 2, 2);
    assertEquals(Set.of(0, 2, 3), distribution(plain("top_k").withTopK(3), logits).keySet());
    assertEquals(Set.of(0), distribution(plain("top_k").withTopK(1), logits).keySet());
    assertEquals(6, distribution(plain("top_k").withTopK(100), logits).size());
  }

  @Test
  void topKOfALargeVocabularyEqualsASort() {
    Random random = new Random(1);
    float[] values = new float[20_000];
    for (int i = 0; i < values.length; i++) {
      values[i] = random.nextInt(400) / 10f - 20; // many ties, both signs
    }
    for (int k : new int[] {1, 2, 40, 1000, 20_000}) {
      Set<Integer> expected =
          IntStream.range(0, values.length)
              .boxed()
              .sorted(
                  (a, b) -> values[a] == values[b] ? a - b : Float.compare(values[b], values[a]))
              .limit(k)
              .collect(Collectors.toSet());
      assertEquals(
          expected, distribution(plain("top_k").withTopK(k), logits(values)).keySet(), "k " + k);
    }
  }

  @Test
  void minusZeroTiesWithZero() {
    assertEquals(Set.of(0), distribution(plain("top_k").withTopK(1), logits(-0.0, 0.0)).keySet());
  }

  @Test
  void topPKeepsTheFewestThatReachTheMass() {
    MemorySegment logits = shares(0.2, 0.5, 0.05, 0.25);
    assertEquals(Set.of(1), distribution(plain("top_p").withTopP(0), logits).keySet());
    assertEquals(Set.of(1), distribution(plain("top_p").withTopP(0.49), logits).keySet());
    assertEquals(Set.of(1, 3), distribution(plain("top_p").withTopP(0.51), logits).keySet());
    assertEquals(Set.of(0, 1, 3), distribution(plain("top_p").withTopP(0.76), logits).keySet());
    Map<Integer, Double> kept = distribution(plain("top_p").withTopP(0.7), logits);
    assertEquals(0.5 / 0.75, kept.get(1), TOLERANCE); // renormalised
  }

  @Test
  void topPOfALargeFlatVocabularyGrowsPastItsFirstGuess() {
    float[] flat = new float[10_000];
    int kept = distribution(plain("top_p").withTopP(0.50005), logits(flat)).size();
    assertEquals(5001, kept);
  }

  @Test
  void minPKeepsWhatIsLikelyRelativeToTheLikeliest() {
    MemorySegment logits = shares(0.6, 0.2, 0.14, 0.06);
    assertEquals(Set.of(0, 1, 2), distribution(plain("min_p").withMinP(0.2), logits).keySet());
    assertEquals(Set.of(0, 1), distribution(plain("min_p").withMinP(0.3), logits).keySet());
    assertEquals(Set.of(0), distribution(plain("min_p").withMinP(1), logits).keySet());
  }

  @Test
  void typicalDropsTheTooLikelyBeforeTheTypical() {
    // Entropy of (0.4, 0.3, 0.2, 0.1) is 1.2799; -ln p is 0.916, 1.204, 1.609, 2.303: distances
    // 0.364, 0.076, 0.330, 1.023, so the order of typicality is 1, 2, 0, 3.
    MemorySegment logits = shares(0.4, 0.3, 0.2, 0.1);
    assertEquals(Set.of(1), distribution(plain("typ_p").withTypicalP(0.2), logits).keySet());
    assertEquals(Set.of(1, 2), distribution(plain("typ_p").withTypicalP(0.4), logits).keySet());
    assertEquals(Set.of(0, 1, 2), distribution(plain("typ_p").withTypicalP(0.6), logits).keySet());
    assertEquals(4, distribution(plain("typ_p").withTypicalP(0.95), logits).size());
  }

  @Test
  void typicalAndGreedyTakeTheGreatestThatIsTypical() {
    SamplingOptions options = plain("typ_p;temperature").withTypicalP(0.2).withTemperature(0);
    assertEquals(Set.of(1), distribution(options, shares(0.4, 0.3, 0.2, 0.1)).keySet());
  }

  @Test
  void typicalOverlooksBannedTokens() {
    MemorySegment logits = logits(Math.log(0.5), Float.NEGATIVE_INFINITY, Math.log(0.5));
    assertEquals(Set.of(0, 2), distribution(plain("typ_p").withTypicalP(0.9), logits).keySet());
  }

  @Test
  void repeatPenaltyDividesPositiveAndMultipliesNegativeLogits() {
    SamplingOptions options = plain("penalties").withRepeatPenalty(2);
    Map<Integer, Double> d = distribution(options, logits(2, -1, 0.5), 0, 0, 1);
    assertProportional(d, 1, -2, 0.5);
  }

  @Test
  void presenceCountsOnceAndFrequencyEachTime() {
    SamplingOptions options =
        plain("penalties").withPresencePenalty(0.5).withFrequencyPenalty(0.25);
    Map<Integer, Double> d = distribution(options, logits(2, -1, 0.5), 0, 0, 0, 1);
    assertProportional(d, 2 - 0.5 - 0.75, -1 - 0.5 - 0.25, 0.5);
  }

  @Test
  void penaltiesLookBackAsFarAsTheyAreTold() {
    SamplingOptions options = plain("penalties").withPresencePenalty(1);
    MemorySegment logits = logits(1, 1, 1);
    assertProportional(distribution(options.withRepeatLastN(2), logits, 0, 1, 2), 1, 0, 0);
    assertProportional(distribution(options.withRepeatLastN(0), logits, 0, 1, 2), 1, 1, 1);
    int[] long0 = new int[1000]; // all token 0, then far more than 64 of token 2
    Arrays.fill(long0, 100, 1000, 2);
    assertProportional(distribution(options.withRepeatLastN(-1), logits, long0), 0, 1, 0);
    assertProportional(distribution(options.withRepeatLastN(64), logits, long0), 1, 1, 0);
  }

  @Test
  void penaltiesAfterACutRankAgain() {
    SamplingOptions options =
        plain("top_k;penalties;top_p").withTopK(2).withTopP(0.1).withPresencePenalty(5);
    assertEquals(Set.of(1), distribution(options, logits(3, 2, 1), 0).keySet());
  }

  @Test
  void biasIsAddedFirstAndMinusInfinityBans() {
    SamplingOptions options =
        plain("top_k").withTopK(2).withLogitBias(Map.of(0, Float.NEGATIVE_INFINITY, 2, 1.5f));
    Map<Integer, Double> d = distribution(options, logits(9, 1, 0));
    assertEquals(Set.of(1, 2), d.keySet());
    assertEquals(Math.exp(0.5), d.get(2) / d.get(1), 1e-5);
  }

  @Test
  void orderOfTemperatureAndTopPMatters() {
    MemorySegment logits = shares(0.5, 0.3, 0.2);
    SamplingOptions options = plain("").withTemperature(0.25).withTopP(0.75);
    // Tempered shares are proportional to p^4: 0.866, so the first alone reaches 0.75.
    assertEquals(
        Set.of(0),
        distribution(options.withSamplers(SamplerType.parse("temperature;top_p")), logits)
            .keySet());
    assertEquals(
        Set.of(0, 1),
        distribution(options.withSamplers(SamplerType.parse("top_p;temperature")), logits)
            .keySet());
  }

  @Test
  void orderOfTopKAndTopPMatters() {
    MemorySegment logits = shares(0.4, 0.35, 0.15, 0.1);
    SamplingOptions options = plain("").withTopK(2).withTopP(0.5);
    // After top-k the first of two holds 0.53; before it, 0.40.
    assertEquals(
        Set.of(0),
        distribution(options.withSamplers(SamplerType.parse("top_k;top_p")), logits).keySet());
    assertEquals(
        Set.of(0, 1),
        distribution(options.withSamplers(SamplerType.parse("top_p;top_k")), logits).keySet());
  }

  @Test
  void greedyIsTheGreatestOfTheLowestId() {
    SamplingOptions greedy = SamplingOptions.defaults().withTemperature(0);
    assertEquals(Map.of(1, 1.0), distribution(greedy, logits(1, 5, 5, 2)));
    assertEquals(
        Map.of(1, 1.0),
        distribution(greedy.withSamplers(SamplerType.parse("top_k")), logits(1, 5)));
  }

  @Test
  void greedyHonoursPenaltiesBeforeItAndOverlooksThoseAfter() {
    SamplingOptions greedy = plain("").withTemperature(0).withPresencePenalty(5);
    MemorySegment logits = logits(3, 2);
    assertEquals(
        Set.of(1),
        distribution(greedy.withSamplers(SamplerType.parse("penalties;temperature")), logits, 0)
            .keySet());
    assertEquals(
        Set.of(0),
        distribution(greedy.withSamplers(SamplerType.parse("temperature;penalties")), logits, 0)
            .keySet());
  }

  @Test
  void paddingRowsAreNeverReadNorDrawn() {
    MemorySegment logits = logits(1, 2, Double.NaN, 99);
    Sampler greedy = new Sampler(SamplingOptions.defaults().withTemperature(0));
    assertEquals(1, greedy.sample(logits, 2));
    Sampler drawing = new Sampler(plain(""));
    for (int i = 0; i < 200; i++) {
      int token = drawing.sample(logits, 2);
      assertTrue(token < 2);
      drawing.accept(token);
    }
  }

  @Test
  void nanAndInfinityAreRefusedByTokenOnEveryPath() {
    for (String chain : new String[] {"", "top_k", "top_p", "min_p", "typ_p", "penalties;top_k"}) {
      SamplingOptions options =
          plain(chain).with(new SamplingOptions.Truncation(1, 0.5, 0.5, 0.5)).withRepeatPenalty(2);
      for (SamplingOptions each : new SamplingOptions[] {options, options.withTemperature(0)}) {
        for (double bad : new double[] {Double.NaN, Double.POSITIVE_INFINITY}) {
          Refusal refusal =
              assertThrows(
                  Refusal.class, () -> new Sampler(each).sample(logits(1, 2, bad, 3), 4), chain);
          assertEquals(Refusal.Reason.DEVICE, refusal.reason());
          assertTrue(refusal.getMessage().contains("token 2"), refusal.getMessage());
        }
      }
    }
  }

  @Test
  void banningEverythingIsRefused() {
    float ban = Float.NEGATIVE_INFINITY;
    Sampler sampler = new Sampler(plain("").withLogitBias(Map.of(0, ban, 1, ban)));
    Refusal refusal = assertThrows(Refusal.class, () -> sampler.sample(logits(1, 2), 2));
    assertEquals(Refusal.Reason.USAGE, refusal.reason());
  }

  @Test
  void biasOutsideTheVocabularyIsRefused() {
    Sampler sampler = new Sampler(plain("").withLogitBias(Map.of(2, 1f)));
    Refusal refusal = assertThrows(Refusal.class, () -> sampler.sample(logits(1, 2), 2));
    assertTrue(refusal.getMessage().contains("token 2"), refusal.getMessage());
  }

  private static void assertProportional(Map<Integer, Double> distribution, double... logits) {
    double sum = Arrays.stream(logits).map(Math::exp).sum();
    for (int token = 0; token < logits.length; token++) {
      assertEquals(
          Math.exp(logits[token]) / sum, distribution.get(token), TOLERANCE, "token " + token);
    }
  }
}

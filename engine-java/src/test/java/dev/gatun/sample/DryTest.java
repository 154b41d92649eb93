// DryTest: DRY against its definition, by hand and by brute force.
package dev.gatun.sample;

import static dev.gatun.sample.Draws.distribution;
import static dev.gatun.sample.Draws.logits;
import static dev.gatun.sample.Draws.plain;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class DryTest {
  private static final int VOCAB = 6;

  @Test
  void penaltyGrowsWithTheLengthOfTheRepetition() {
    // 1 2 3 4 was seen, and 1 2 3 again: 4 extends a repetition of three, one more than allowed.
    assertPenalty(Map.of(4, 0.8 * 1.75), dry(2, List.of()), 1, 2, 3, 4, 1, 2, 3);
    assertPenalty(Map.of(3, 0.8), dry(2, List.of()), 1, 2, 3, 4, 1, 2);
    assertPenalty(Map.of(), dry(2, List.of()), 1, 2, 3, 4, 1);
    assertPenalty(Map.of(), dry(4, List.of()), 1, 2, 3, 4, 1, 2, 3);
  }

  @Test
  void theLongestRepetitionCounts() {
    // 3 follows both "1 2" and "5 1 2"; the second is the longer match.
    assertPenalty(Map.of(3, 0.8 * 1.75), dry(2, List.of()), 1, 2, 3, 5, 1, 2, 3, 4, 5, 1, 2);
  }

  @Test
  void aMatchEndsAtABreaker() {
    List<List<Integer>> breaker = List.of(List.of(2));
    assertPenalty(Map.of(5, 0.8), dry(1, breaker), 1, 2, 4, 5, 1, 2, 4);
    assertPenalty(Map.of(), dry(2, breaker), 1, 2, 4, 5, 1, 2, 4);
    assertPenalty(Map.of(), dry(1, List.of(List.of(5))), 4, 5, 4); // a breaker is never penalised
  }

  @Test
  void aBreakerOfTwoTokensBreaksOnlyAsAWhole() {
    List<List<Integer>> breaker = List.of(List.of(1, 2));
    assertPenalty(Map.of(5, 0.8), dry(1, breaker), 1, 2, 4, 5, 1, 2, 4);
    assertPenalty(Map.of(5, 0.8 * 1.75), dry(2, breaker), 3, 2, 4, 5, 3, 2, 4);
  }

  @Test
  void looksBackOnlySoFar() {
    SamplingOptions.Dry near = new SamplingOptions.Dry(0.8, 1.75, 2, 5, List.of());
    assertPenalty(Map.of(), near, 1, 2, 3, 4, 1, 2);
    SamplingOptions.Dry all = new SamplingOptions.Dry(0.8, 1.75, 2, -1, List.of());
    assertPenalty(Map.of(3, 0.8), all, 1, 2, 3, 4, 1, 2);
  }

  @Test
  void equalsTheDefinitionOnRandomTexts() {
    Random random = new Random(3);
    for (int round = 0; round < 2000; round++) {
      int[] text = random.ints(1 + random.nextInt(40), 0, 2 + random.nextInt(3)).toArray();
      List<List<Integer>> breakers = new ArrayList<>();
      for (int i = random.nextInt(3); i > 0; i--) {
        breakers.add(List.of(random.nextInt(4)));
      }
      int[] newestFirst = new int[text.length];
      for (int i = 0; i < text.length; i++) {
        newestFirst[i] = text[text.length - 1 - i];
      }
      assertEquals(byDefinition(text, breakers), Repetitions.longest(newestFirst, breakers));
    }
  }

  @Test
  void aLoopingTextStaysLinear() {
    int[] loop = new int[200_000]; // quadratic matching would take 2e10 steps
    Map<Integer, Integer> longest =
        assertTimeoutPreemptively(
            Duration.ofMinutes(5), () -> Repetitions.longest(loop, List.of()));
    assertEquals(Map.of(0, 199_999), longest);
  }

  @Test
  void anEndlessLoopGivesNoOverflow() {
    int[] loop = new int[5000];
    SamplingOptions options = plain("dry").with(new SamplingOptions.Dry(1, 2, 2, -1, List.of()));
    assertEquals(1.0, distribution(options, logits(1, 0), loop).get(1));
    assertTrue(distribution(options, logits(1), loop).get(0) == 1.0);
  }

  /**
   * The scheme's own words, single-token breakers: extend every earlier occurrence of the last
   * token backwards.
   */
  private static Map<Integer, Integer> byDefinition(int[] text, List<List<Integer>> breakers) {
    Map<Integer, Integer> longest = new HashMap<>();
    int end = text.length - 1;
    for (int i = 0; i < end; i++) {
      int length = 0;
      while (i - length >= 0
          && text[i - length] == text[end - length]
          && !breakers.contains(List.of(text[end - length]))) {
        length++;
      }
      if (length > 0 && !breakers.contains(List.of(text[i + 1]))) {
        longest.merge(text[i + 1], length, Math::max);
      }
    }
    return longest;
  }

  private static SamplingOptions.Dry dry(int allowedLength, List<List<Integer>> breakers) {
    return new SamplingOptions.Dry(0.8, 1.75, allowedLength, 64, breakers);
  }

  private static void assertPenalty(
      Map<Integer, Double> expected, SamplingOptions.Dry dry, int... seen) {
    Map<Integer, Double> d = distribution(plain("dry").with(dry), logits(new float[VOCAB]), seen);
    double sum = 0;
    for (int token = 0; token < VOCAB; token++) {
      sum += Math.exp(-expected.getOrDefault(token, 0.0));
    }
    for (int token = 0; token < VOCAB; token++) {
      double share = Math.exp(-expected.getOrDefault(token, 0.0)) / sum;
      assertEquals(share, d.get(token), 1e-6, "token " + token);
    }
  }
}

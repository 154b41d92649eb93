// LogProbsTest: log-probabilities against their definition, in order, and exact where they must be.
package dev.gatun.sample;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.refusal.Refusal;
import dev.gatun.sample.LogProbs.LogProb;
import java.lang.foreign.MemorySegment;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LogProbsTest {
  private static LogProbs of(float[] logits, int drawn, int count) {
    return LogProbs.of(MemorySegment.ofArray(logits), logits.length, drawn, count);
  }

  /** Many equal ones, and the greatest not at the beginning. */
  private static float[] random(int size, float scale) {
    Random random = new Random(size);
    float[] logits = new float[size];
    for (int i = 0; i < size; i++) {
      logits[i] = Math.round(random.nextGaussian() * 40) * scale / 40;
    }
    return logits;
  }

  private static double expected(float[] logits, int token) {
    double max = IntStream.range(0, logits.length).mapToDouble(i -> logits[i]).max().orElseThrow();
    double sum =
        IntStream.range(0, logits.length).mapToDouble(i -> Math.exp(logits[i] - max)).sum();
    return logits[token] - max - Math.log(sum);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 7, 1023, 1024, 1025, 5000, 151_936})
  void theyAreTheLogSoftmaxOfTheLogits(int size) {
    for (float scale : new float[] {1, 30}) {
      float[] logits = random(size, scale);
      for (int drawn : new int[] {0, size / 2, size - 1}) {
        LogProbs found = of(logits, drawn, 5);
        assertEquals(drawn, found.drawn().token());
        assertEquals(expected(logits, drawn), found.drawn().logProb(), 1e-12);
        for (LogProb each : found.top()) {
          assertEquals(expected(logits, each.token()), each.logProb(), 1e-12);
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3, 1024, 1025, 5000})
  void theLikeliestComeFirstAndTiesById(int size) {
    float[] logits = random(size, 2);
    for (int count : new int[] {0, 1, 2, 20}) {
      List<Integer> expected =
          IntStream.range(0, size)
              .boxed()
              .sorted(Comparator.<Integer>comparingDouble(i -> -logits[i]).thenComparing(i -> i))
              .limit(count)
              .toList();
      assertEquals(expected, of(logits, 0, count).top().stream().map(LogProb::token).toList());
    }
  }

  @Test
  void theDrawnTokenHasTheValueThatTheListGivesIt() {
    float[] logits = random(5000, 7);
    List<LogProb> top = of(logits, 0, 20).top();
    for (LogProb each : top) {
      assertEquals(each, of(logits, each.token(), 0).drawn());
    }
    assertTrue(top.getFirst().logProb() <= 0);
  }

  @Test
  void oneCertainTokenHasProbabilityOne() {
    assertEquals(new LogProb(0, 0), of(new float[] {-1e30f}, 0, 1).top().getFirst());
    float[] certain = new float[3000];
    java.util.Arrays.fill(certain, Float.NEGATIVE_INFINITY);
    certain[2500] = 3;
    LogProbs found = of(certain, 2500, 2);
    assertEquals(new LogProb(2500, 0), found.drawn());
    assertEquals(
        List.of(new LogProb(2500, 0), new LogProb(0, Double.NEGATIVE_INFINITY)), found.top());
  }

  @Test
  void paddingIsNotRead() {
    float[] logits = {1, 2, 3, Float.NaN, 50};
    LogProbs found = LogProbs.of(MemorySegment.ofArray(logits), 3, 2, 9);
    assertEquals(List.of(2, 1, 0), found.top().stream().map(LogProb::token).toList());
    assertEquals(expected(new float[] {1, 2, 3}, 2), found.drawn().logProb(), 1e-15);
  }

  @Test
  void whatIsNoNumberIsRefused() {
    for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY}) {
      float[] logits = random(3000, 1);
      logits[1500] = bad;
      Refusal refusal = assertThrows(Refusal.class, () -> of(logits, 0, 0));
      assertEquals(Refusal.Reason.DEVICE, refusal.reason());
    }
    float none = Float.NEGATIVE_INFINITY;
    assertThrows(Refusal.class, () -> of(new float[] {none}, 0, 0));
    assertThrows(Refusal.class, () -> of(new float[] {none, Float.NaN, none}, 0, 0));
  }
}

// LogProbs: how likely a token was in the model's own distribution, and the likeliest beside it.
package dev.gatun.sample;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.stream.LongStream;

/**
 * Of the logits as the model gave them: before bias, penalties, temperature and cuts. What is said
 * of one token is the same to the bit wherever it is said, beside the drawn one and in the list.
 *
 * @param drawn the token that was chosen
 * @param top the likeliest, likeliest first, ties by id
 */
public record LogProbs(LogProb drawn, List<LogProb> top) {
  private static final int BLOCK = 1024;

  /**
   * @param logProb natural logarithm of its probability, at most 0; negative infinity where the
   *     model rules the token out
   */
  public record LogProb(int token, double logProb) {}

  /**
   * Reads a row of logits, once.
   *
   * @param logits float32 (vocab), in host memory
   * @param limit ids from here on are padding rows of the head: never read; at most vocab
   * @param drawn below {@code limit}
   * @param count how many of the likeliest, 0 or more
   * @throws dev.gatun.refusal.Refusal (device) for a logit that is NaN or infinite
   */
  public static LogProbs of(MemorySegment logits, int limit, int drawn, int count) {
    Distribution distribution = new Distribution(logits, limit, Math.min(count, limit));
    float logit = logits.getAtIndex(ValueLayout.JAVA_FLOAT, drawn);
    return new LogProbs(
        new LogProb(drawn, distribution.logProb(logit)),
        LongStream.of(distribution.top)
            .mapToObj(
                key -> new LogProb(Ranking.token(key), distribution.logProb(Ranking.logit(key))))
            .toList());
  }

  /** The logits' log-sum-exp, in double, and the keys of the greatest. */
  private static final class Distribution {
    private final long[] top; // a min-heap, in the end from the greatest down
    private final float[] block = new float[BLOCK];
    private float max = Float.NEGATIVE_INFINITY;
    private double sum; // of exp(logit - max)

    Distribution(MemorySegment logits, int limit, int count) {
      top = new long[count];
      Arrays.fill(top, Long.MIN_VALUE);
      for (int from = 0; from < limit; from += BLOCK) {
        int size = Math.min(BLOCK, limit - from);
        MemorySegment.copy(
            logits, ValueLayout.JAVA_FLOAT, (long) Float.BYTES * from, block, 0, size);
        add(from, size);
      }
      if (max == Float.NEGATIVE_INFINITY) {
        throw NoToken.notANumber("every logit is negative infinity");
      }
      Ranking.sortDescending(top);
    }

    double logProb(float logit) {
      return ((double) logit - max) - Math.log(sum);
    }

    private void add(int from, int size) {
      float greatest = greatest(size);
      if (greatest > max) {
        sum *= Math.exp((double) max - greatest);
        max = greatest;
      }
      // Else every difference would be one of infinities.
      sum += max > Float.NEGATIVE_INFINITY ? exponentials(size) : notANumbers(size);
      if (!(sum < Double.POSITIVE_INFINITY)) { // NaN, or infinity less itself
        throw NoToken.notANumber("a logit of the tokens from " + from + " on is NaN or infinite");
      }
      rank(from, size, greatest);
    }

    private float greatest(int size) {
      float greatest = Float.NEGATIVE_INFINITY;
      for (int i = 0; i < size; i++) {
        if (block[i] > greatest) {
          greatest = block[i];
        }
      }
      return greatest;
    }

    /** 0, or NaN where one of them is. */
    private double notANumbers(int size) {
      double sum = 0;
      for (int i = 0; i < size; i++) {
        sum += Float.isNaN(block[i]) ? Double.NaN : 0;
      }
      return sum;
    }

    // Two sums, since each addition would wait for the one before.
    private double exponentials(int size) {
      double even = 0;
      double odd = 0;
      int i = 0;
      for (; i + 1 < size; i += 2) {
        even += Math.exp((double) block[i] - max);
        odd += Math.exp((double) block[i + 1] - max);
      }
      return even + odd + (i < size ? Math.exp((double) block[i] - max) : 0);
    }

    private void rank(int from, int size, float greatest) {
      if (top.length == 0 || Ranking.key(greatest, from) < top[0]) {
        return;
      }
      for (int i = 0; i < size; i++) {
        long key = Ranking.key(block[i], from + i);
        if (key > top[0]) {
          Ranking.replaceLeast(top, key);
        }
      }
    }
  }
}

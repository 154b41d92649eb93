// Candidates: the tokens still in play during one draw, with their logits.
package dev.gatun.sample;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Starts as the whole vocabulary in order of token id and becomes, at the first cut, a list ranked
 * by falling logit, ties by rising token id. Weights are integers (see {@link CandidateWeight}), so
 * a draw depends on nothing but its inputs, and is the one that {@code gk_sample} makes on any
 * device.
 */
final class Candidates {
  /**
   * How many tokens top-p first ranks of a whole vocabulary; {@link #GROWTH} times more while they
   * fall short.
   */
  private static final int TOP_P_GUESS = 256;

  private static final int GROWTH = 16;

  private int[] ids = {}; // (size) once ranked; before that, a token's index is its id
  private float[] logits = {}; // (size)
  private long[] weights = {}; // (size), set by softmax
  private long total; // sum of weights
  private int size;
  private boolean ranked;

  /** Takes the first {@code limit} logits (float32) of {@code source}. */
  void load(MemorySegment source, int limit) {
    if (logits.length < limit) {
      logits = new float[limit];
    }
    MemorySegment.copy(source, ValueLayout.JAVA_FLOAT, 0, logits, 0, limit);
    size = limit;
    ranked = false;
  }

  /**
   * Bans all tokens but some, before any cut.
   *
   * @param allowed a bit a token as {@link TokenMask#allowed} gives them, for all that were loaded
   */
  void ban(MemorySegment allowed) {
    for (int first = 0; first < size; first += Integer.SIZE) {
      int word = allowed.getAtIndex(ValueLayout.JAVA_INT, first / Integer.SIZE);
      int last = Math.min(first + Integer.SIZE, size);
      if (word == 0) {
        Arrays.fill(logits, first, last, Float.NEGATIVE_INFINITY);
      } else if (word != -1) {
        for (int token = first; token < last; token++) {
          if ((word >>> token & 1) == 0) {
            logits[token] = Float.NEGATIVE_INFINITY;
          }
        }
      }
    }
  }

  /** Where {@code token} stands, or -1 when it is out of play. */
  int indexOf(int token) {
    if (!ranked) {
      return token < size ? token : -1;
    }
    for (int i = 0; i < size; i++) {
      if (ids[i] == token) {
        return i;
      }
    }
    return -1;
  }

  float logit(int index) {
    return logits[index];
  }

  /** Changes a logit; {@link #rankAgain} must follow the last change. */
  void logit(int index, float value) {
    logits[index] = value;
  }

  void rankAgain() {
    if (ranked) {
      take(top(size));
    }
  }

  void scale(float temperature) {
    for (int i = 0; i < size; i++) {
      logits[i] /= temperature;
    }
    checked(greatest());
    rankAgain(); // what was unequal may have become equal
  }

  /** Keeps the {@code count} greatest. */
  void keepTop(int count) {
    if (!ranked) {
      take(top(Math.min(count, size)));
    }
    size = Math.min(count, size);
  }

  /**
   * Keeps the fewest, from the likeliest down, whose probabilities add up to {@code share}; at
   * least one.
   */
  void keepTopP(double share) {
    float max = softmax();
    long mass =
        Math.min(total, (long) Math.ceil(share * (double) total)); // not past it by rounding
    int guess = ranked ? size : Math.min(TOP_P_GUESS, size);
    while (true) {
      long[] keys = top(guess);
      long sum = 0;
      int kept = 0;
      while (kept < keys.length && (kept == 0 || sum < mass)) {
        sum += CandidateWeight.of(Ranking.logit(keys[kept++]) - max);
      }
      if (sum >= mass || guess == size) {
        take(Arrays.copyOf(keys, kept));
        return;
      }
      guess = (int) Math.min((long) guess * GROWTH, size);
    }
  }

  /** Keeps those at least {@code share} as likely as the likeliest. */
  void keepMinP(double share) {
    float least = logits[greatest()] + (float) Math.log(share);
    long[] keys =
        IntStream.range(0, size)
            .filter(i -> logits[i] >= least)
            .mapToLong(i -> Ranking.key(logits[i], id(i)))
            .toArray();
    Ranking.sortDescending(keys);
    take(keys);
  }

  /**
   * Keeps the fewest whose surprise is nearest the entropy and whose probabilities exceed {@code
   * mass}; at least one.
   */
  void keepTypical(double mass) {
    keepTop(size);
    softmax();
    double[] surprise =
        IntStream.range(0, size).mapToDouble(i -> -Math.log(share(weights[i]))).toArray();
    double entropy =
        IntStream.range(0, size)
            .filter(i -> weights[i] > 0) // p log p tends to 0 with p
            .mapToDouble(i -> share(weights[i]) * surprise[i])
            .sum();
    long[] byDistance =
        IntStream.range(0, size)
            .mapToLong(i -> Ranking.key((float) -Math.abs(surprise[i] - entropy), i))
            .toArray();
    Ranking.sortDescending(byDistance);
    double sum = 0;
    int kept = 0;
    while (kept < size && sum <= mass) {
      sum += share(weights[Ranking.token(byDistance[kept++])]);
    }
    long[] keys =
        Arrays.stream(byDistance, 0, kept)
            .mapToInt(Ranking::token)
            .mapToLong(i -> Ranking.key(logits[i], ids[i]))
            .toArray();
    Ranking.sortDescending(keys);
    take(keys);
  }

  void keepGreatest() {
    int greatest = greatest();
    take(new long[] {Ranking.key(logits[greatest], id(greatest))});
  }

  /** The token at {@code uniform}, in [0, 1), of the cumulative distribution. */
  int draw(double uniform) {
    softmax();
    long fraction = (long) (uniform * 0x1p53) << 11; // of 2^64
    long target = Math.unsignedMultiplyHigh(fraction, total); // less than total
    int drawn = 0;
    for (long sum = weights[0]; sum <= target; sum += weights[drawn]) {
      drawn++;
    }
    return id(drawn);
  }

  /**
   * The {@code count} likeliest after {@link #draw}, by falling probability; fewer where fewer are
   * in play. Those too unlikely for a weight are told as well.
   */
  List<TokenProbability> likeliest(int count) {
    long[] keys = top(Math.min(count, size));
    float max = logits[greatest()];
    List<TokenProbability> likeliest = new ArrayList<>(keys.length);
    for (long key : keys) {
      double probability = Math.exp(Ranking.logit(key) - max) * CandidateWeight.ONE / total;
      if (probability > 0) {
        likeliest.add(new TokenProbability(Ranking.token(key), probability));
      }
    }
    return likeliest;
  }

  private double share(long weight) {
    return (double) weight / total;
  }

  /** Fills weights and total; returns the greatest logit. */
  private float softmax() {
    float max = logits[greatest()];
    if (max == Float.NEGATIVE_INFINITY) {
      throw NoToken.allBanned();
    }
    if (weights.length < size) {
      weights = new long[size];
    }
    total = 0;
    for (int i = 0; i < size; i++) {
      weights[i] = CandidateWeight.of(logits[i] - max);
      total += weights[i];
    }
    return max;
  }

  private int greatest() {
    if (ranked) {
      return 0;
    }
    int greatest = 0;
    float max = checked(0);
    for (int i = 1; i < size; i++) {
      // Written so that NaN, too, takes the branch.
      if (!(logits[i] <= max)) {
        max = checked(i);
        greatest = i;
      }
    }
    return greatest;
  }

  /**
   * The keys of the {@code count} greatest, greatest first. A min-heap: one pass, since few tokens
   * ever enter it.
   */
  private long[] top(int count) {
    long[] heap = new long[count];
    for (int i = 0; i < count; i++) {
      heap[i] = Ranking.key(checked(i), id(i));
    }
    Arrays.sort(heap);
    if (count > 0 && count < size) {
      float least = Ranking.logit(heap[0]);
      for (int i = count; i < size; i++) {
        if (!(logits[i] <= least)) {
          Ranking.replaceLeast(heap, Ranking.key(checked(i), id(i)));
          least = Ranking.logit(heap[0]);
        }
      }
    }
    Ranking.sortDescending(heap);
    return heap;
  }

  private float checked(int index) {
    float logit = logits[index];
    if (!(logit < Float.POSITIVE_INFINITY)) {
      throw NoToken.notANumber("the logit of token " + id(index) + " is " + logit);
    }
    return logit;
  }

  private int id(int index) {
    return ranked ? ids[index] : index;
  }

  private void take(long[] keys) {
    size = keys.length;
    ranked = true;
    if (ids.length < size) {
      ids = new int[size];
    }
    for (int i = 0; i < size; i++) {
      ids[i] = Ranking.token(keys[i]);
      logits[i] = Ranking.logit(keys[i]);
    }
  }
}

// Ranking: logit and token id packed into one long whose order is the order of candidates.
package dev.gatun.sample;

import java.util.Arrays;

/**
 * Keys rise with the logit and, at equal logits, fall with the token id: the greatest key is the
 * first candidate.
 */
final class Ranking {
  private Ranking() {}

  static long key(float logit, int token) {
    int bits = Float.floatToRawIntBits(logit + 0.0f); // -0 and 0 are equal logits
    int ordered = bits ^ (bits >> 31 & Integer.MAX_VALUE);
    return (long) ordered << 32 | ~token & 0xFFFFFFFFL;
  }

  static float logit(long key) {
    int ordered = (int) (key >> 32);
    return Float.intBitsToFloat(ordered ^ (ordered >> 31 & Integer.MAX_VALUE));
  }

  static int token(long key) {
    return ~(int) key;
  }

  static void sortDescending(long[] keys) {
    Arrays.sort(keys);
    for (int i = 0, j = keys.length - 1; i < j; i++, j--) {
      long swapped = keys[i];
      keys[i] = keys[j];
      keys[j] = swapped;
    }
  }

  /** Puts {@code key} where the least key of the min-heap was. */
  static void replaceLeast(long[] heap, long key) {
    int hole = 0;
    while (true) {
      int child = 2 * hole + 1;
      if (child >= heap.length) {
        break;
      }
      if (child + 1 < heap.length && heap[child + 1] < heap[child]) {
        child++;
      }
      if (heap[child] >= key) {
        break;
      }
      heap[hole] = heap[child];
      hole = child;
    }
    heap[hole] = key;
  }
}

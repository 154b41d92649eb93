// Differences: how far two arrays of one length are apart.
package dev.gatun.verify;

import java.util.stream.IntStream;

final class Differences {
  private Differences() {}

  static double largest(float[] expected, float[] actual) {
    double largest = 0;
    for (int i = 0; i < expected.length; i++) {
      // Math.max keeps what is not a number.
      largest = Math.max(largest, Math.abs(expected[i] - (double) actual[i]));
    }
    return largest;
  }

  static long count(int[] expected, int[] actual) {
    return IntStream.range(0, expected.length).filter(i -> expected[i] != actual[i]).count();
  }

  /** Of values whose bits differ. */
  static long count(float[] expected, float[] actual) {
    long count = 0;
    for (int i = 0; i < expected.length; i++) {
      count += Float.floatToRawIntBits(expected[i]) == Float.floatToRawIntBits(actual[i]) ? 0 : 1;
    }
    return count;
  }
}

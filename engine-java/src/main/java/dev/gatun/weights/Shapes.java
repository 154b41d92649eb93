// Shapes: arithmetic on tensor shapes read from files, which may lie.
package dev.gatun.weights;

import java.util.Arrays;
import java.util.stream.Collectors;

final class Shapes {
  private Shapes() {}

  /** Room for any number format's bytes below 2^63. */
  private static final long MAX_COUNT = 1L << 56;

  /** The product of all axes; −1 where one is negative or the product passes 2^56. */
  static long count(long... shape) {
    long count = 1;
    for (long axis : shape) {
      if (axis < 0 || axis > MAX_COUNT || (axis > 0 && count > MAX_COUNT / axis)) {
        return -1;
      }
      count *= axis;
    }
    return count;
  }

  static String shown(long... shape) {
    return Arrays.stream(shape)
        .mapToObj(Long::toUnsignedString)
        .collect(Collectors.joining(", ", "(", ")"));
  }

  static boolean allEqual(int... values) {
    return Arrays.stream(values).allMatch(v -> v == values[0]);
  }
}

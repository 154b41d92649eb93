// Mutator: damages a good file in the ways files and attackers do, the same way for the same seed.
package dev.gatun.weights;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.SplittableRandom;

final class Mutator {
  private static final long[] NUMBERS = {
    0,
    1,
    -1,
    2,
    3,
    4,
    7,
    8,
    9,
    12,
    13,
    31,
    32,
    33,
    64,
    127,
    128,
    255,
    256,
    32_767,
    65_535,
    65_536,
    1L << 20,
    (1L << 24) + 1,
    Integer.MAX_VALUE,
    Integer.MIN_VALUE,
    1L << 31,
    (1L << 32) - 1,
    1L << 32,
    1L << 40,
    1L << 56,
    (1L << 56) + 1,
    1L << 61,
    1L << 62,
    Long.MAX_VALUE,
    Long.MAX_VALUE - 7,
    Long.MIN_VALUE,
    -8,
    -32
  };
  private static final String[] TEXTS = {
    "0",
    "-1",
    "1e999",
    "1.5",
    "null",
    "true",
    "\"\"",
    "[]",
    "{}",
    "[[[[",
    "{\"a\":",
    "99999999999999999999999",
    "\"\\ud800\"",
    "4294967296",
    "9223372036854775807",
    ",",
    "\"",
    "}",
    "]",
    "NaN",
    "-0",
    "\u0000",
    "[-1,-1]",
    "\"weight\"",
    "2147483648"
  };

  private final SplittableRandom random;

  Mutator(long seed) {
    random = new SplittableRandom(seed);
  }

  /** A damaged copy of {@code good}: one to four damages. */
  byte[] damage(byte[] good) {
    byte[] bytes = good.clone();
    for (int i = random.nextInt(4); i >= 0; i--) {
      bytes = bytes.length == 0 ? bytes : once(bytes);
    }
    return bytes;
  }

  private byte[] once(byte[] bytes) {
    int at = random.nextInt(bytes.length);
    int length = Math.min(bytes.length - at, 1 + random.nextInt(40));
    return switch (random.nextInt(8)) {
      case 0 -> {
        bytes[at] ^= (byte) (1 << random.nextInt(8));
        yield bytes;
      }
      case 1 -> Arrays.copyOf(bytes, at);
      case 2, 3 -> number(bytes, at);
      case 4 -> replace(bytes, at, 0, Arrays.copyOfRange(bytes, at, at + length)); // repeat
      case 5 -> replace(bytes, at, length, new byte[0]);
      case 6 -> {
        System.arraycopy(bytes, at, bytes, random.nextInt(bytes.length - length + 1), length);
        yield bytes;
      }
      default -> text(bytes, at);
    };
  }

  private byte[] number(byte[] bytes, int at) {
    byte[] number =
        ByteBuffer.allocate(8)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putLong(NUMBERS[random.nextInt(NUMBERS.length)])
            .array();
    System.arraycopy(number, 0, bytes, at, Math.min(1 << random.nextInt(4), bytes.length - at));
    return bytes;
  }

  // In place of the JSON number or bare word at that place, or else just there.
  private byte[] text(byte[] bytes, int at) {
    while (at < bytes.length - 1 && !Character.isLetterOrDigit(bytes[at])) {
      at++;
    }
    int end = at;
    while (end < bytes.length && (Character.isLetterOrDigit(bytes[end]) || bytes[end] == '.')) {
      end++;
    }
    return replace(
        bytes, at, end - at, TEXTS[random.nextInt(TEXTS.length)].getBytes(StandardCharsets.UTF_8));
  }

  private static byte[] replace(byte[] bytes, int at, int length, byte[] by) {
    byte[] out = Arrays.copyOf(bytes, bytes.length - length + by.length);
    System.arraycopy(by, 0, out, at, by.length);
    System.arraycopy(bytes, at + length, out, at + by.length, bytes.length - at - length);
    return out;
  }
}

// Decoding: what bytes a token stands for.
package dev.gatun.text;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.OptionalInt;
import java.util.function.UnaryOperator;

/**
 * The text of a sequence of tokens is the UTF-8 of their bytes in a row, less up to {@code leading} characters {@code
 * stripped} at its start.
 *
 * @param byteLevel tokens are spelled in {@link ByteLevel}'s alphabet
 * @param byteFallback tokens {@code <0x00>} to {@code <0xFF>} stand for that byte
 * @param replacements applied to the text of each token before
 */
record Decoding(
    boolean byteLevel,
    boolean byteFallback,
    List<UnaryOperator<String>> replacements,
    char stripped,
    int leading) {
  static final Decoding BYTE_LEVEL = new Decoding(true, false, List.of(), ' ', 0);

  Decoding {
    replacements = List.copyOf(replacements);
  }

  byte[] bytes(String token) {
    String text = token;
    for (UnaryOperator<String> replacement : replacements) {
      text = replacement.apply(text);
    }
    if (byteFallback) {
      OptionalInt fallback = fallbackByte(text);
      if (fallback.isPresent()) {
        return new byte[] {(byte) fallback.getAsInt()};
      }
    }
    return byteLevel ? ByteLevel.bytes(text) : text.getBytes(StandardCharsets.UTF_8);
  }

  /** How many characters to leave out at the start of {@code text}, of which {@code most} may still be left out. */
  int strippedFrom(String text, int most) {
    int count = 0;
    while (count < Math.min(most, text.length()) && text.charAt(count) == stripped) {
      count++;
    }
    return count;
  }

  private static OptionalInt fallbackByte(String token) {
    if (token.length() != 6 || !token.startsWith("<0x") || token.charAt(5) != '>') {
      return OptionalInt.empty();
    }
    int high = Character.digit(token.charAt(3), 16);
    int low = Character.digit(token.charAt(4), 16);
    return high < 0 || low < 0 ? OptionalInt.empty() : OptionalInt.of(high << 4 | low);
  }
}

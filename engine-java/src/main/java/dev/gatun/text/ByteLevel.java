// ByteLevel: the printable characters by which byte-level vocabularies spell the 256 bytes.
package dev.gatun.text;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * GPT-2's byte alphabet: the 188 printable Latin-1 bytes stand for themselves, the other 68 in
 * ascending order for U+0100 to U+0143, so that a vocabulary of strings can hold any byte sequence.
 */
final class ByteLevel {
  /** GPT-2's own pre-tokenizer pattern, which {@code ByteLevel} uses unless told otherwise. */
  static final String PATTERN =
      "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";

  /** One more than the last character of the alphabet. */
  static final int LETTERS = 0x144;

  private static final char[] CHARS = new char[256];
  private static final int[] BYTES = new int[LETTERS];

  static {
    Arrays.fill(BYTES, -1);
    char next = 0x100;
    for (int b = 0; b < 256; b++) {
      boolean printable = b >= '!' && b <= '~' || b >= 0xA1 && b <= 0xAC || b >= 0xAE;
      CHARS[b] = printable ? (char) b : next++;
      BYTES[CHARS[b]] = b;
    }
  }

  private ByteLevel() {}

  /** The UTF-8 bytes of {@code text}, each as its stand-in. */
  static String spell(String text) {
    return spell(text.getBytes(StandardCharsets.UTF_8));
  }

  /** Each byte as its stand-in. */
  static String spell(byte[] bytes) {
    char[] spelled = new char[bytes.length];
    for (int i = 0; i < bytes.length; i++) {
      spelled[i] = CHARS[bytes[i] & 0xFF];
    }
    return new String(spelled);
  }

  /**
   * The bytes {@code token} spells; a token with any character outside the alphabet stands for its
   * own UTF-8.
   */
  static byte[] bytes(String token) {
    byte[] bytes = new byte[token.length()];
    for (int i = 0; i < bytes.length; i++) {
      char c = token.charAt(i);
      if (c >= BYTES.length || BYTES[c] < 0) {
        return token.getBytes(StandardCharsets.UTF_8);
      }
      bytes[i] = (byte) BYTES[c];
    }
    return bytes;
  }
}

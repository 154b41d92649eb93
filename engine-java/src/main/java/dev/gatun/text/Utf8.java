// Utf8: bytes to text, malformed ones replaced.
package dev.gatun.text;

/**
 * Decodes UTF-8 with one U+FFFD for every maximal part of an ill-formed sequence (Unicode 16, section 3.9, table 3-7). The
 * JDK's decoder replaces the three bytes of an encoded surrogate together, by which streamed text would differ from whole.
 */
final class Utf8 {
  private static final char REPLACEMENT = '\uFFFD';

  private Utf8() {}

  static String decode(byte[] bytes, int from, int to) {
    StringBuilder text = new StringBuilder(to - from);
    for (int at = from; at < to; ) {
      int length = length(bytes[at]);
      int valid = valid(bytes, at, Math.min(to, at + length));
      text.appendCodePoint(valid == length && length > 0 ? codePoint(bytes, at, length) : REPLACEMENT);
      at += Math.max(1, valid);
    }
    return text.toString();
  }

  /** How many of {@code bytes} come before a character begun at their end that more bytes could complete. */
  static int complete(byte[] bytes) {
    for (int lead = Math.max(0, bytes.length - 3); lead < bytes.length; lead++) {
      int length = length(bytes[lead]);
      if (length > bytes.length - lead && valid(bytes, lead, bytes.length) == bytes.length - lead) {
        return lead;
      }
    }
    return bytes.length;
  }

  // The length of the character that starts with lead, 0 where none does.
  private static int length(byte lead) {
    int first = lead & 0xFF;
    if (first < 0x80) {
      return 1;
    }
    if (first < 0xC2 || first > 0xF4) {
      return 0;
    }
    return first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  }

  // How many of the bytes in [lead, to) are a well-formed start of a character.
  private static int valid(byte[] bytes, int lead, int to) {
    int at = lead + 1;
    while (at < to && (bytes[at] & 0xC0) == 0x80 && (at > lead + 1 || follows(bytes[lead], bytes[at] & 0xFF))) {
      at++;
    }
    return Math.min(at, to) - lead;
  }

  // Whether a second byte neither overlong, nor a surrogate's, nor beyond U+10FFFF.
  private static boolean follows(byte lead, int second) {
    return switch (lead & 0xFF) {
      case 0xE0 -> second >= 0xA0;
      case 0xED -> second < 0xA0;
      case 0xF0 -> second >= 0x90;
      case 0xF4 -> second < 0x90;
      default -> true;
    };
  }

  private static int codePoint(byte[] bytes, int at, int length) {
    int codePoint = length == 1 ? bytes[at] : bytes[at] & 0x7F >> length;
    for (int i = 1; i < length; i++) {
      codePoint = codePoint << 6 | bytes[at + i] & 0x3F;
    }
    return codePoint;
  }
}

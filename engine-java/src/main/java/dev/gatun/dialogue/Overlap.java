// Overlap: how much of a text's end may be the beginning of a word that is still to come.
package dev.gatun.dialogue;

final class Overlap {
  private Overlap() {}

  /** Length of the longest proper prefix of {@code word} that {@code text} ends with. */
  static int length(CharSequence text, String word) {
    for (int length = Math.min(text.length(), word.length() - 1); length > 0; length--) {
      if (word.startsWith(text.subSequence(text.length() - length, text.length()).toString())) {
        return length;
      }
    }
    return 0;
  }
}

// TokenStream: token ids to text, one by one.
package dev.gatun.text;

import java.util.Arrays;
import java.util.function.IntPredicate;

/**
 * Turns ids into text as they come. A character whose bytes lie in several tokens comes with the
 * last of them, never by halves; all that {@link #push} and {@link #flush} return makes what {@link
 * Tokenizer#decode} makes of all the ids. For one thread.
 */
public final class TokenStream {
  private final Tokenizer tokenizer;
  private final IntPredicate skipped;
  private byte[] pending = {}; // the start of a character, at most three bytes
  private int leading; // characters that may still be left out at the start of the text

  /**
   * @param skipSpecial leaves special tokens out
   */
  public TokenStream(Tokenizer tokenizer, boolean skipSpecial) {
    this(tokenizer, id -> skipSpecial && tokenizer.isSpecial(id));
  }

  /**
   * @param skipped tells the ids that are left out
   */
  public TokenStream(Tokenizer tokenizer, IntPredicate skipped) {
    this.tokenizer = tokenizer;
    this.skipped = skipped;
    leading = tokenizer.decoding().leading();
  }

  /** The text that {@code id} completes, possibly none. */
  public String push(int id) {
    if (skipped.test(id)) {
      return "";
    }
    byte[] more = tokenizer.bytes(id);
    byte[] bytes = Arrays.copyOf(pending, pending.length + more.length);
    System.arraycopy(more, 0, bytes, pending.length, more.length);
    int complete = Utf8.complete(bytes);
    pending = Arrays.copyOfRange(bytes, complete, bytes.length);
    return stripped(Utf8.decode(bytes, 0, complete));
  }

  /** What is left at the end: U+FFFD for a character begun and not finished, or nothing. */
  public String flush() {
    String rest = Utf8.decode(pending, 0, pending.length);
    pending = new byte[0];
    return stripped(rest);
  }

  private String stripped(String text) {
    if (leading == 0 || text.isEmpty()) {
      return text;
    }
    int count = tokenizer.decoding().strippedFrom(text, leading);
    leading = count == text.length() ? leading - count : 0;
    return text.substring(count);
  }
}

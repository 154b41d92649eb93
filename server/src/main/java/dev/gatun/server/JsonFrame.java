// JsonFrame: a JSON document in which one text changes.
package dev.gatun.server;

import com.fasterxml.jackson.core.io.JsonStringEncoder;
import com.fasterxml.jackson.databind.JsonNode;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** What stands around the text is written once, and not again for each of many pieces. */
public final class JsonFrame {
  /** Stands for the text in the document; no other text there has this character. */
  public static final String TEXT = "\0";

  private static final String TEXT_IN_JSON = "\\u0000";

  private final byte[] before;
  private final byte[] after;

  /**
   * @param document with {@link #TEXT} in it, behind which there is no text of a user
   */
  public JsonFrame(JsonNode document) {
    String whole = new String(Json.bytes(document), StandardCharsets.UTF_8);
    // The last: a name before it may be written with a backslash that looks so.
    int at = whole.lastIndexOf(TEXT_IN_JSON);
    before = whole.substring(0, at).getBytes(StandardCharsets.UTF_8);
    after = whole.substring(at + TEXT_IN_JSON.length()).getBytes(StandardCharsets.UTF_8);
  }

  /**
   * The document with a text, in UTF-8.
   *
   * @param text whole characters
   */
  public byte[] with(String text) {
    byte[] escaped = JsonStringEncoder.getInstance().quoteAsUTF8(text);
    byte[] whole = Arrays.copyOf(before, before.length + escaped.length + after.length);
    System.arraycopy(escaped, 0, whole, before.length, escaped.length);
    System.arraycopy(after, 0, whole, before.length + escaped.length, after.length);
    return whole;
  }
}

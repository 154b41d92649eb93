// JsonLines: files of one JSON object a line, read and answered line by line.
package dev.gatun.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.gatun.refusal.Refusal;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.function.Function;

final class JsonLines {
  private JsonLines() {}

  /**
   * Writes one JSON line for each line of {@code file}; blank lines are none.
   *
   * @param answer a value for {@link Json#line}
   */
  static void answer(String file, Stdio stdio, Function<Line, Object> answer) {
    try (InputStream in = new BufferedInputStream(TextFile.open(file, stdio))) {
      int number = 0;
      for (byte[] bytes = read(in, file); bytes.length > 0; bytes = read(in, file)) {
        number++;
        String name = "line " + number + " of " + TextFile.name(file);
        String text = TextFile.decode(bytes, name);
        if (!text.isBlank()) {
          Line line = new Line(name, Json.parse(text, name));
          stdio.out().println(Json.line(answer.apply(line)));
        }
      }
    } catch (IOException e) {
      throw TextFile.unreadable(file, e);
    }
  }

  /**
   * @param name what the line is called in a refusal
   */
  record Line(String name, JsonNode json) {

    /**
     * The field's text; a surrogate without its partner is refused, since UTF-8 has no such
     * character.
     */
    String text(String field) {
      JsonNode value = json.get(field);
      if (value == null || !value.isTextual()) {
        throw Refusal.usage(
            name + " has no text under \"" + field + "\"", "give an object {\"" + field + "\": …}");
      }
      String text = value.textValue();
      if (text.codePoints().anyMatch(point -> point >= 0xD800 && point <= 0xDFFF)) {
        throw Refusal.usage(
            name + " holds half a surrogate pair", "escape the character by both of its halves");
      }
      return text;
    }
  }

  // With its line break, so that an empty array is the end and nothing else is.
  private static byte[] read(InputStream in, String file) throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    for (int next = in.read(); next >= 0; next = in.read()) {
      line.write(next);
      if (next == '\n') {
        break;
      }
      if (line.size() > TextFile.LIMIT_BYTES) {
        throw Refusal.usage(
            "a line of " + TextFile.name(file) + " passes 256 MiB",
            "check that it is a JSON Lines file");
      }
    }
    return line.toByteArray();
  }
}

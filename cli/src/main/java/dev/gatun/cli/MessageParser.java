// MessageParser: when a message at the terminal is complete, and what it says.
package dev.gatun.cli;

import java.util.List;
import org.jline.reader.CompletingParsedLine;
import org.jline.reader.EOFError;
import org.jline.reader.ParsedLine;
import org.jline.reader.Parser;

/** A line that ends in a backslash goes on, and so does everything between two {@code """}. */
final class MessageParser implements Parser {
  private static final String FENCE = "\"\"\"";

  @Override
  public ParsedLine parse(String line, int cursor, ParseContext context) {
    if (context == ParseContext.ACCEPT_LINE && goesOn(line)) {
      throw new EOFError(-1, -1, "the message goes on");
    }
    return new Whole(line, cursor);
  }

  static boolean goesOn(String line) {
    return line.startsWith(FENCE)
        ? line.length() < 2 * FENCE.length() || !line.endsWith(FENCE)
        : line.endsWith("\\");
  }

  /** The message without what only marked its lines. */
  static String text(String line) {
    if (line.startsWith(FENCE) && !goesOn(line)) {
      return line.substring(FENCE.length(), line.length() - FENCE.length()).strip();
    }
    return line.replace("\\\n", "\n");
  }

  /** JLine thinks in words; a message is one. */
  private record Whole(String line, int cursor) implements CompletingParsedLine {
    @Override
    public String word() {
      return line;
    }

    @Override
    public int wordCursor() {
      return cursor;
    }

    @Override
    public int wordIndex() {
      return 0;
    }

    @Override
    public List<String> words() {
      return List.of(line);
    }

    @Override
    public CharSequence escape(CharSequence candidate, boolean complete) {
      return candidate;
    }

    @Override
    public int rawWordCursor() {
      return cursor;
    }

    @Override
    public int rawWordLength() {
      return line.length();
    }
  }
}

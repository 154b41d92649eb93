// MessageParser: when a message at the terminal is complete, and what it says.
package dev.gatun.cli;

import java.util.List;
import org.jline.reader.EOFError;
import org.jline.reader.ParsedLine;
import org.jline.reader.Parser;
import org.jline.reader.impl.ArgumentCompleter;

/** A line that ends in a backslash goes on, and so does everything between two {@code """}. */
final class MessageParser implements Parser {
  private static final String FENCE = "\"\"\"";

  @Override
  public ParsedLine parse(String line, int cursor, ParseContext context) {
    if (context == ParseContext.ACCEPT_LINE && goesOn(line)) {
      throw new EOFError(-1, -1, "the message goes on");
    }
    return new ArgumentCompleter.ArgumentLine(line, cursor);
  }

  static boolean goesOn(String line) {
    boolean fenced = line.startsWith(FENCE);
    return fenced ? line.length() < 2 * FENCE.length() || !line.endsWith(FENCE) : line.endsWith("\\");
  }

  /** The message without what only marked its lines. */
  static String text(String line) {
    if (line.startsWith(FENCE) && !goesOn(line)) {
      return line.substring(FENCE.length(), line.length() - FENCE.length()).strip();
    }
    return line.replace("\\\n", "\n");
  }
}

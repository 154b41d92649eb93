// Prompter: reads messages at a terminal, with editing, history and several lines.
package dev.gatun.cli;

import dev.gatun.chat.Cancellation;
import dev.gatun.refusal.Refusal;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.jline.reader.LineReader;
import org.jline.reader.LineReaderBuilder;
import org.jline.terminal.Terminal;
import org.jline.terminal.Terminal.Signal;
import org.jline.terminal.Terminal.SignalHandler;
import org.jline.terminal.TerminalBuilder;

/** JLine, set up. A terminal that can do nothing but lines of text will do. */
final class Prompter implements AutoCloseable {
  private final Terminal terminal;
  private final LineReader reader;

  private Prompter(Terminal terminal, LineReader reader) {
    this.terminal = terminal;
    this.reader = reader;
  }

  static Prompter open(Stdio stdio) {
    try {
      // JLine's JNI provider would unpack a library of its own; the FFM one asks the C library.
      return on(
          TerminalBuilder.builder().system(true).jni(false).dumb(true).build(), history(stdio));
    } catch (IOException e) {
      throw Refusal.io("cannot use the terminal: " + e.getMessage(), "give the prompt with -p", e);
    }
  }

  /**
   * On a terminal that is there already; messages are kept in {@code history}, if it is present.
   */
  static Prompter on(Terminal terminal, Optional<Path> history) {
    LineReaderBuilder builder =
        LineReaderBuilder.builder()
            .terminal(terminal)
            .appName("gatun")
            .parser(new MessageParser())
            .variable(LineReader.SECONDARY_PROMPT_PATTERN, ". ")
            .variable(LineReader.DISABLE_COMPLETION, true)
            .option(LineReader.Option.DISABLE_EVENT_EXPANSION, true);
    history.ifPresent(file -> builder.variable(LineReader.HISTORY_FILE, file));
    return new Prompter(terminal, builder.build());
  }

  /** The next message or command, its lines joined. */
  String read() {
    return MessageParser.text(reader.readLine("> "));
  }

  /** While open, Ctrl-C cancels and does nothing else. */
  Watch watchInterrupts() {
    Cancellation cancellation = new Cancellation();
    SignalHandler before = terminal.handle(Signal.INT, _ -> cancellation.cancel());
    return new Watch(terminal, cancellation, before);
  }

  record Watch(Terminal terminal, Cancellation cancellation, SignalHandler before)
      implements AutoCloseable {
    @Override
    public void close() {
      terminal.handle(Signal.INT, before);
    }
  }

  @Override
  public void close() {
    try {
      terminal.close();
    } catch (IOException e) {
      // The terminal is gone; there is nothing left to restore.
    }
  }

  /**
   * $XDG_STATE_HOME/gatun/history, by default ~/.local/state (source: XDG Base Directory
   * Specification); none where that cannot be written.
   */
  private static Optional<Path> history(Stdio stdio) {
    Path state =
        Optional.ofNullable(stdio.environment().get("XDG_STATE_HOME"))
            .map(Path::of)
            .filter(Path::isAbsolute)
            .orElseGet(() -> Path.of(System.getProperty("user.home"), ".local", "state"));
    try {
      Path folder = Files.createDirectories(state.resolve("gatun"));
      return Optional.of(folder.resolve("history")).filter(_ -> Files.isWritable(folder));
    } catch (IOException e) {
      return Optional.empty();
    }
  }
}

// Stdio: the process's standard streams and environment, so that a test can stand in for them.
package dev.gatun.cli;

import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.function.IntPredicate;
import java.util.function.IntUnaryOperator;

/**
 * What surrounds a command.
 *
 * @param out answers and results, as UTF-8 whatever the locale
 * @param err everything else
 * @param terminal whether a file descriptor (0, 1, 2) is a terminal
 * @param columns of the terminal at a file descriptor, as they are now; 0 where it is none
 * @param processes those that were started together
 */
record Stdio(
    InputStream in,
    Output out,
    PrintStream err,
    IntPredicate terminal,
    IntUnaryOperator columns,
    Map<String, String> environment,
    Processes processes) {

  static Stdio ofProcess() {
    PrintStream err =
        new PrintStream(new FileOutputStream(FileDescriptor.err), true, StandardCharsets.UTF_8);
    Processes processes = new Processes(System.getenv(), err);
    if (processes.leads()) {
      return new Stdio(
          new FileInputStream(FileDescriptor.in),
          new Output(new FileOutputStream(FileDescriptor.out)),
          err,
          Terminals::isTerminal,
          Terminals::columns,
          System.getenv(),
          processes);
    }
    return new Stdio(
        InputStream.nullInputStream(),
        new Output(OutputStream.nullOutputStream()),
        new PrintStream(OutputStream.nullOutputStream(), true, StandardCharsets.UTF_8),
        _ -> false,
        _ -> 0,
        System.getenv(),
        processes);
  }

  boolean inIsTerminal() {
    return terminal.test(0);
  }

  boolean outIsTerminal() {
    return terminal.test(1);
  }

  /**
   * Whether to colour and dim standard output: a terminal that can, and no NO_COLOR (no-color.org).
   */
  boolean outStyled() {
    return environment.getOrDefault("NO_COLOR", "").isEmpty() && !isDumb() && outIsTerminal();
  }

  /** Columns of the terminal at standard output at the moment; 0 for one that is dumb. */
  int outColumns() {
    return isDumb() ? 0 : columns.applyAsInt(1);
  }

  /** One line or more for the person, broken between words where standard error is a terminal. */
  void tell(String text) {
    err.println(terminal.test(2) ? WordWrap.broken(text, columns.applyAsInt(2)) : text);
  }

  private boolean isDumb() {
    return "dumb".equals(environment.get("TERM"));
  }
}

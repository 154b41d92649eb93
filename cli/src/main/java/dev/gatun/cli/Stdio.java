// Stdio: the process's standard streams and environment, so that a test can stand in for them.
package dev.gatun.cli;

import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.InputStream;
import java.io.PrintStream;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.function.IntPredicate;

/**
 * What surrounds a command.
 *
 * @param out answers and results, as UTF-8 whatever the locale
 * @param err everything else
 * @param terminal whether a file descriptor (0, 1, 2) is a terminal
 */
record Stdio(
    InputStream in,
    Output out,
    PrintStream err,
    IntPredicate terminal,
    Map<String, String> environment) {

  static Stdio ofProcess() {
    return new Stdio(
        new FileInputStream(FileDescriptor.in),
        new Output(new FileOutputStream(FileDescriptor.out)),
        new PrintStream(new FileOutputStream(FileDescriptor.err), true, StandardCharsets.UTF_8),
        Stdio::isTerminal,
        System.getenv());
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
    return environment.getOrDefault("NO_COLOR", "").isEmpty()
        && !"dumb".equals(environment.get("TERM"))
        && outIsTerminal();
  }

  // Java's Console knows standard input and output together only; the C library knows each.
  private static boolean isTerminal(int descriptor) {
    Linker linker = Linker.nativeLinker();
    MethodHandle isatty =
        linker.downcallHandle(
            linker.defaultLookup().findOrThrow("isatty"),
            FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));
    try {
      return (int) isatty.invokeExact(descriptor) == 1;
    } catch (Throwable impossible) {
      throw new AssertionError(impossible);
    }
  }
}

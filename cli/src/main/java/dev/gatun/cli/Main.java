// Main: where the program starts; picks the sub-command and turns every ending into an exit code.
package dev.gatun.cli;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import picocli.CommandLine;

/** The command line. {@code gatun -m X -p Y} is short for {@code gatun run -m X -p Y}. */
public final class Main {
  private static final List<String> ANSWERED_BY_THE_TOP =
      List.of("-h", "--help", "-V", "--version");

  private Main() {}

  public static void main(String[] args) {
    Stdio stdio = Stdio.ofProcess();
    Interrupts interrupts = Interrupts.install(stdio.err());
    int exitCode = execute(stdio, interrupts, args);
    interrupts.finished();
    System.exit(exitCode);
  }

  /** Runs one command and returns its exit code; never throws. */
  static int execute(Stdio stdio, Interrupts interrupts, String... args) {
    Failures failures = new Failures(stdio.err(), verbose(args));
    try {
      List<String> words = withCommand(args);
      failures.requireReadable(words);
      for (String variable : Commands.unknownVariables(stdio, interrupts)) {
        stdio.err().println("gatun: " + variable + " is the variable of no option");
      }
      CommandLine commandLine = Commands.commandLine(stdio, interrupts, words);
      commandLine.setParameterExceptionHandler(failures::usage);
      commandLine.setExecutionExceptionHandler(
          (failure, _, _) -> {
            stdio.processes().endAll(failure);
            return failures.report(failure);
          });
      int exitCode = commandLine.execute(words.toArray(String[]::new));
      stdio.out().flush();
      stdio.processes().finish();
      return exitCode;
    } catch (Throwable failure) {
      // Errors too: a stack overflow or a full heap is one line and an exit code like everything
      // else.
      stdio.processes().endAll(failure);
      return failures.report(failure);
    }
  }

  private static List<String> withCommand(String[] args) {
    List<String> words = new ArrayList<>(Arrays.asList(args));
    if (args.length > 0 && args[0].startsWith("-") && !ANSWERED_BY_THE_TOP.contains(args[0])) {
      words.addFirst("run");
    }
    return words;
  }

  // Asked before parsing, since parsing itself may fail.
  private static boolean verbose(String[] args) {
    return Arrays.stream(args).anyMatch(arg -> arg.equals("-v") || arg.equals("--verbose"));
  }
}

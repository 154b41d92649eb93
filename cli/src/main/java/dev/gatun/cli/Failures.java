// Failures: turns whatever went wrong into one line on standard error and an exit code.
package dev.gatun.cli;

import dev.gatun.refusal.Refusal;
import java.io.PrintStream;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/** One line whatever the failure; the stack trace only where it was asked for with -v. */
record Failures(PrintStream err, boolean verbose) {
  /** 128 + SIGPIPE, as the shell shows a program that the signal ended. */
  private static final int READER_GONE = 141;

  private static final int UNEXPECTED = 1;
  private static final int OUT_OF_MEMORY = Refusal.Reason.DOES_NOT_FIT.exitCode();

  int usage(ParameterException failure, String[] args) {
    Optional<Refusal> known = known(failure);
    if (known.isPresent()) {
      return report(known.get());
    }
    String command = failure.getCommandLine().getCommandSpec().qualifiedName();
    line(what(failure) + "; see '" + command + " --help'");
    trace(failure);
    return Refusal.Reason.USAGE.exitCode();
  }

  int report(Throwable failure) {
    int exitCode =
        switch (failure) {
          case Output.ReaderGone _ -> READER_GONE;
          case Refusal refusal -> {
            err.print(refusal.table());
            line(refusal.getMessage());
            yield refusal.reason().exitCode();
          }
          case OutOfMemoryError _ -> {
            line(
                "Java's heap of "
                    + (Runtime.getRuntime().maxMemory() >> 20)
                    + " MiB is full; give it more (JAVA_TOOL_OPTIONS=-Xmx8g) or a smaller input");
            yield OUT_OF_MEMORY;
          }
          case StackOverflowError _ -> {
            line("the input is nested too deeply; flatten it, or run again with -v for details");
            yield UNEXPECTED;
          }
          default -> {
            line("unexpected " + described(failure) + "; run again with -v for the stack trace");
            yield UNEXPECTED;
          }
        };
    if (!(failure instanceof Output.ReaderGone)) {
      trace(failure);
    }
    return exitCode;
  }

  /**
   * Java decodes arguments by the locale and replaces what it cannot read, so the command would
   * work on another text than was typed.
   */
  void requireReadable(List<String> args) {
    for (String arg : args) {
      if (arg.indexOf('\uFFFD') >= 0) {
        throw Refusal.usage(
            "'"
                + arg
                + "' is not valid text in this locale ("
                + System.getProperty("sun.jnu.encoding")
                + ")",
            "set LC_ALL=C.UTF-8, or put the text into a UTF-8 file");
      }
    }
  }

  /** What an option's own check says, or the table of llama.cpp's options. */
  private static Optional<Refusal> known(ParameterException failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof Refusal refusal) {
        return Optional.of(refusal);
      }
    }
    return failure instanceof UnmatchedArgumentException unmatched
        ? LlamaOptions.refusal(unmatched.getUnmatched().getFirst())
        : Optional.empty();
  }

  private static String what(ParameterException failure) {
    if (failure instanceof UnmatchedArgumentException unmatched) {
      String word = unmatched.getUnmatched().getFirst();
      String kind =
          word.startsWith("-")
              ? "unknown option '"
              : failure.getCommandLine().getParent() == null
                  ? "unknown command '"
                  : "unexpected argument '";
      List<String> near = unmatched.getSuggestions();
      return kind
          + word
          + "'"
          + (near.isEmpty() ? "" : "; did you mean " + String.join(" or ", near) + "?");
    }
    String text = failure.getMessage();
    return Character.toLowerCase(text.charAt(0)) + text.substring(1);
  }

  private static String described(Throwable failure) {
    String name = failure.getClass().getSimpleName();
    return failure.getMessage() == null ? name : name + " (" + failure.getMessage() + ")";
  }

  private void line(String text) {
    err.println("gatun: " + text.strip().replaceAll("\\p{Cntrl}+", " "));
  }

  private void trace(Throwable failure) {
    if (!verbose) {
      return;
    }
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      err.println((cause == failure ? "" : "caused by ") + cause);
      for (StackTraceElement call : cause.getStackTrace()) {
        err.println("    at " + call);
      }
    }
  }
}

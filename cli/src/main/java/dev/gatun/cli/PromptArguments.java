// PromptArguments: what the model is asked, from -p, -f and standard input.
package dev.gatun.cli;

import dev.gatun.refusal.Refusal;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Option;

/**
 * The prompt is {@code -p}, then a line break, then {@code -f}. Standard input is the prompt where
 * neither is given and it is no terminal. With {@code -p} it is read only on {@code -f -}: a
 * program that runs this one may leave its end of a pipe open for ever, and waiting for that would
 * hang.
 */
final class PromptArguments {
  @Option(
      names = {"-p", "--prompt"},
      parameterConsumer = Verbatim.class,
      paramLabel = "TEXT",
      description =
          "What to ask, taken literally. Without it and a piped input, a conversation starts.")
  Optional<String> text = Optional.empty();

  @Option(
      names = {"-f", "--file"},
      paramLabel = "FILE",
      description = "Read the prompt from FILE, after -p if both are given; - is standard input.")
  Optional<String> file = Optional.empty();

  @Option(
      names = {"-sys", "--system-prompt"},
      parameterConsumer = Verbatim.class,
      paramLabel = "TEXT",
      description = "How the model should behave.")
  Optional<String> system = Optional.empty();

  /** The whole prompt; empty where a person at a terminal is to be asked. */
  Optional<String> read(Stdio stdio) {
    List<String> parts = new ArrayList<>();
    text.ifPresent(parts::add);
    if (file.isPresent()) {
      parts.add(withoutLastLineBreak(TextFile.read(file.get(), stdio)));
    } else if (text.isPresent()) {
      mentionInput(stdio);
    } else if (!stdio.inIsTerminal()) {
      parts.add(withoutLastLineBreak(TextFile.read("-", stdio)));
    }
    if (parts.isEmpty()) {
      return Optional.empty();
    }
    String prompt = String.join("\n", parts);
    if (prompt.isBlank()) {
      throw Refusal.usage("the prompt is empty", "give some text with -p, -f or standard input");
    }
    return Optional.of(prompt);
  }

  private static void mentionInput(Stdio stdio) {
    try {
      if (stdio.in().available() > 0 && !stdio.inIsTerminal()) {
        stdio
            .err()
            .println("gatun: standard input is not read because of -p; add -f - to append it");
      }
    } catch (IOException e) {
      // A closed standard input holds nothing that could be missed.
    }
  }

  // Editors and echo end a file with one; the question does not.
  private static String withoutLastLineBreak(String text) {
    return text.endsWith("\r\n")
        ? text.substring(0, text.length() - 2)
        : text.endsWith("\n") ? text.substring(0, text.length() - 1) : text;
  }
}

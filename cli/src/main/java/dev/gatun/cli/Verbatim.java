// Verbatim: an option's text as it was typed, also where it looks like another option.
package dev.gatun.cli;

import java.util.Optional;
import java.util.Stack;
import picocli.CommandLine.IParameterConsumer;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;

/** A prompt may be {@code -1 is what?}; as in llama.cpp, the word after the option is its value. */
final class Verbatim implements IParameterConsumer {
  @Override
  public void consumeParameters(Stack<String> words, ArgSpec argument, CommandSpec command) {
    if (words.isEmpty()) {
      throw new ParameterException(
          command.commandLine(),
          "missing value for option '" + ((OptionSpec) argument).longestName() + "'");
    }
    argument.setValue(Optional.of(words.pop()));
  }
}

// ReplHelp: what the REPL's commands are and how their words are read.
package dev.gatun.cli;

import dev.gatun.refusal.Refusal;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import picocli.CommandLine;

final class ReplHelp {
  static final String TEXT =
      """
      /system TEXT   set the system message; without TEXT there is none
      /clear         forget what was said
      /set NAME X    a sampling option: /set temp 0.7, /set seed 1
      /save FILE     write the conversation as JSON, with how answers are drawn
      /load FILE     go on with a saved conversation as if it had not ended
      /stats         speed of the last answer, use of the context
      /exit          leave; so does Ctrl-D
      A line ending in \\ goes on; so does everything between two lines of \""".
      Ctrl-C stops an answer.\
      """;

  private ReplHelp() {}

  static Path file(String name, String command) {
    if (name.isEmpty()) {
      throw Refusal.usage(command + " without a file", "write " + command + " FILE");
    }
    try {
      return Path.of(name);
    } catch (InvalidPathException e) {
      throw Refusal.usage("'" + name + "' is no file name", "write " + command + " FILE");
    }
  }

  /** The option that {@code temp 0.7} names, read as the command line reads {@code --temp 0.7}. */
  static SamplingArguments sampling(String words) {
    String[] pair = words.strip().split("[\\s=]+", 2);
    if (pair.length < 2) {
      throw Refusal.usage("/set without a name and a value", "write for example /set temp 0.7");
    }
    SamplingArguments arguments = new SamplingArguments();
    new CommandLine(arguments).parseArgs("--" + pair[0].replaceFirst("^-+", ""), pair[1]);
    return arguments;
  }
}

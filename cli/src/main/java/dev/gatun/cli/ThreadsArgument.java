// ThreadsArgument: how many threads work, for commands that take one number.
package dev.gatun.cli;

import java.util.Optional;
import picocli.CommandLine.Option;

final class ThreadsArgument {
  @Option(
      names = {"-t", "--threads"},
      paramLabel = "N",
      description = "Threads; by default one a core, at most what a container is allowed.")
  Optional<Integer> count = Optional.empty();
}

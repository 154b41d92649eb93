// ModelArgument: which model a command works on, and its download where it has to come first.
package dev.gatun.cli;

import dev.gatun.hub.FetchOptions;
import dev.gatun.hub.ModelName;
import dev.gatun.refusal.Refusal;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * {@code -m}, {@code -hf} or {@code --demo}: exactly one, and one that is typed wins over the
 * environment's.
 */
final class ModelArgument {
  @Spec(Spec.Target.MIXEE)
  CommandSpec command;

  @Option(
      names = {"-m", "--model"},
      paramLabel = "PATH",
      description = "A .gguf file, or a folder with config.json and .safetensors files.")
  Optional<String> path = Optional.empty();

  @Option(
      names = {"-hf", "--hf-repo"},
      paramLabel = "REPO",
      description = "Fetch owner/repo[:file-or-quant] (HF_ENDPOINT, HF_TOKEN), once.")
  Optional<String> repository = Optional.empty();

  @Option(names = "--demo", description = "Fetch the demo model, SmolLM2-135M-Instruct, once.")
  boolean demo;

  @Option(
      names = "--offline",
      description = "Use what is in the cache folder; never ask the network.")
  boolean offline;

  /** Where the model lies, after fetching it if need be. */
  Path path(Stdio stdio) {
    List<String> given = given();
    if (given.isEmpty()) {
      throw Refusal.usage("no model is given", "use -m PATH, -hf OWNER/REPO or --demo");
    }
    if (given.size() > 1) {
      throw Refusal.usage(String.join(" and ", given) + " each name a model", "keep one of them");
    }
    ModelName name =
        switch (given.getFirst()) {
          case "--model" -> new ModelName.Local(pathOf(path.orElseThrow()));
          case "--hf-repo" -> new ModelName.Repository(repository.orElseThrow());
          default -> new ModelName.Demo();
        };
    return name.locate(fetchOptions(stdio));
  }

  /** Whether one is named on the command line; the environment's yields to any other. */
  boolean isTyped() {
    return !typed().isEmpty();
  }

  private List<String> given() {
    return isTyped() ? typed() : set();
  }

  private List<String> typed() {
    return Stream.of("--model", "--hf-repo", "--demo")
        .filter(command.commandLine().getParseResult()::hasMatchedOption)
        .toList();
  }

  private List<String> set() {
    return Stream.of(
            path.map(_ -> "--model"),
            repository.map(_ -> "--hf-repo"),
            Optional.of("--demo").filter(_ -> demo))
        .flatMap(Optional::stream)
        .toList();
  }

  private FetchOptions fetchOptions(Stdio stdio) {
    Screen screen = new Screen(stdio.err(), () -> stdio.terminal().test(2));
    return FetchOptions.fromEnvironment(stdio.environment(), screen).withOffline(offline);
  }

  private static Path pathOf(String text) {
    try {
      return Path.of(text);
    } catch (InvalidPathException e) {
      throw Refusal.usage("'" + text + "' is no path: " + e.getReason(), "check the name");
    }
  }
}

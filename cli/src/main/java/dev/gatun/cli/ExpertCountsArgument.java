// ExpertCountsArgument: the file that a command writes its counts of experts to.
package dev.gatun.cli;

import dev.gatun.engine.Engine;
import dev.gatun.load.EngineOptions;
import dev.gatun.shard.ExpertCounts;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Option;

/** Mixed into commands that run a model. */
final class ExpertCountsArgument {
  @Option(
      names = "--record-experts",
      paramLabel = "FILE",
      description =
          "Write to FILE how often each expert of each layer was chosen, for gatun balance. A GPU"
              + " then waits for each layer's choice.")
  Optional<Path> file = Optional.empty();

  private final List<Engine> engines = new ArrayList<>();

  /** Has the model count where that is asked for. Refuses a file that may not be replaced. */
  EngineOptions applied(EngineOptions options) {
    file.ifPresent(ExpertCounts::checkTarget);
    return file.isPresent() ? options.withExpertsCounted() : options;
  }

  /** Takes what an engine counts, until it is closed, to what others do. */
  void add(Engine engine) {
    engines.add(engine);
  }

  /** Writes the file, if there is to be one; the engines are closed. */
  void write() {
    Optional<ExpertCounts> all = Optional.empty();
    for (Engine engine : engines) {
      Optional<ExpertCounts> more = engine.expertCounts();
      all.ifPresent(total -> more.ifPresent(total::merge));
      all = all.or(() -> more);
    }
    all.ifPresent(total -> total.write(file.orElseThrow()));
  }
}

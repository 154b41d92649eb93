// ExpertCountsArgument: the file that a command writes its counts of experts to.
package dev.gatun.cli;

import dev.gatun.engine.Engine;
import dev.gatun.load.EngineOptions;
import dev.gatun.shard.ExpertCounts;
import java.nio.file.Path;
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

  private Optional<ExpertCounts> counts = Optional.empty();

  /** Has the model count where that is asked for. Refuses a file that may not be replaced. */
  EngineOptions applied(EngineOptions options) {
    file.ifPresent(ExpertCounts::checkTarget);
    return file.isPresent() ? options.withExpertsCounted() : options;
  }

  /** Takes what an engine has counted, once, to what others have. */
  void add(Engine engine) {
    Optional<ExpertCounts> more = engine.expertCounts();
    counts.ifPresentOrElse(all -> more.ifPresent(all::merge), () -> counts = more);
  }

  /** Writes the file, if there is to be one. */
  void write() {
    counts.ifPresent(all -> all.write(file.orElseThrow()));
  }
}

// Processes: the ranks that mpirun or srun started this process among.
package dev.gatun.cli;

import dev.gatun.load.EngineOptions;
import dev.gatun.load.Mesh;
import dev.gatun.ranks.MpiRanks;
import dev.gatun.refusal.Refusal;
import dev.gatun.weights.Checkpoint;
import dev.gatun.weights.Weight;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;

/**
 * All run one command with the same arguments. Rank 0 reads, decides and prints; the others are
 * silent and run its steps. MPI is not looked for before a model is to be run.
 */
final class Processes {
  private final Map<String, String> environment;
  private final PrintStream err;
  private Optional<MpiRanks> ranks = Optional.empty();

  /**
   * @param environment of a process that may be one of several
   * @param err for the one line that says why all have ended
   */
  Processes(Map<String, String> environment, PrintStream err) {
    this.environment = environment;
    this.err = err;
  }

  /** Whether this process is to speak: rank 0, or the only one. */
  boolean leads() {
    try {
      return MpiRanks.launchedRank(environment) == 0;
    } catch (Refusal refusal) {
      return true; // it is told when ranks are to be joined
    }
  }

  /** Joins the other ranks the first time; empty where this process is alone. */
  Optional<MpiRanks> join() {
    if (ranks.isEmpty()) {
      ranks =
          MpiRanks.ofLauncher(
              environment,
              Version.NUMBER,
              refusal -> err.println("gatun: " + refusal.getMessage()));
    }
    return ranks;
  }

  /** All ranks must have been given the same; they end where they differ. */
  void agree(Checkpoint checkpoint, EngineOptions options) {
    ranks.ifPresent(
        joined -> {
          joined.agree("checkpoint", fingerprint(checkpoint));
          joined.agree(
              "way to run it",
              String.join(
                  " ",
                  "--split-mode " + options.mesh().mode(),
                  "-c " + options.context(),
                  "-ub " + options.ubatch(),
                  "-b " + options.batch(),
                  "-np " + options.batching().sequences(),
                  "--compute " + options.compute(),
                  "--kv " + options.cacheTypes()));
        });
  }

  /** Of names, types and shapes of all weights, and of what the configuration says. */
  private static String fingerprint(Checkpoint checkpoint) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      digest.update(checkpoint.config().toString().getBytes(StandardCharsets.UTF_8));
      for (Weight weight : checkpoint.weights()) {
        digest.update((weight + " " + weight.bytes()).getBytes(StandardCharsets.UTF_8));
      }
      String hash = HexFormat.of().formatHex(digest.digest(), 0, 6);
      return checkpoint.config().architecture() + " " + hash;
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e); // every Java has it
    }
  }

  /** The devices of all processes, this one's rank among them. */
  Optional<Mesh> mesh(MeshArguments arguments) {
    return join().map(arguments::ofProcesses);
  }

  /** Ends every rank with one line, where there are several; does not return then. */
  void endAll(Throwable failure) {
    ranks.ifPresent(
        joined ->
            joined.end(
                failure instanceof Refusal refusal
                    ? refusal
                    : Refusal.device("unexpected " + failure, "run again with -v", failure)));
  }

  /** The good end: waits for the others. */
  void finish() {
    ranks.ifPresent(MpiRanks::close);
  }
}

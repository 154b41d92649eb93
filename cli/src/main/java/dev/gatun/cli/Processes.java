// Processes: the ranks that mpirun or srun started this process among.
package dev.gatun.cli;

import dev.gatun.load.EngineOptions;
import dev.gatun.load.Transport;
import dev.gatun.ranks.MpiRanks;
import dev.gatun.refusal.Refusal;
import dev.gatun.weights.ByteRange;
import dev.gatun.weights.Checkpoint;
import dev.gatun.weights.Weight;
import java.io.PrintStream;
import java.lang.foreign.MemorySegment;
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
  /** Read of each weight: whole blocks of most formats. */
  private static final int FIRST_BYTES = 288;

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

  /** Whether a launcher started this process among others. */
  boolean areSeveral() {
    return MpiRanks.launchedSize(environment) > 1;
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

  /** Ranks on this machine: they share its processors. */
  int onThisMachine() {
    String count = environment.getOrDefault("OMPI_COMM_WORLD_LOCAL_SIZE", "1");
    return count.matches("[1-9]\\d{0,5}") ? Integer.parseInt(count) : 1;
  }

  /** All ranks must have been given the same; they end where they differ. */
  void agree(Checkpoint checkpoint, EngineOptions options) {
    if (ranks.isPresent()) {
      MpiRanks joined = ranks.get();
      joined.agree("checkpoint", fingerprint(checkpoint));
      joined.agree(
          "way to run it",
          String.join(
              " ",
              "--split-mode " + options.mesh().of(checkpoint.config()).mode(),
              "--exchange "
                  + options.mesh().transport().map(Transport::toString).orElse("left out"),
              "-c " + options.context(),
              "-ub " + options.ubatch(),
              "-b " + options.batch(),
              "-np " + options.batching().sequences(),
              "--compute " + options.compute(),
              "--kv " + options.cacheTypes(),
              "--cache-ram " + options.cacheRam(),
              "rows of logits " + options.logitRows(),
              "experts counted: " + options.countsExperts(),
              "placement " + hash(options.mesh().placement(checkpoint.config()).toString())));
    }
  }

  /**
   * Of what the configuration says, of names, types and shapes of all weights, and of the first
   * bytes of each, by which models of one shape differ.
   */
  private static String fingerprint(Checkpoint checkpoint) {
    StringBuilder all = new StringBuilder(checkpoint.config().toString());
    for (Weight weight : checkpoint.weights()) {
      ByteRange data = weight.data().getFirst();
      byte[] first = new byte[(int) Math.min(FIRST_BYTES, data.bytes())];
      data.read(0, MemorySegment.ofArray(first));
      all.append(weight).append(weight.bytes()).append(HexFormat.of().formatHex(first));
    }
    return checkpoint.config().architecture() + " " + hash(all.toString());
  }

  private static String hash(String text) {
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(digest, 0, 6);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
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

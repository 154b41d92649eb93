// BenchModel: the model that a bench measures.
package dev.gatun.cli;

import dev.gatun.device.Device;
import dev.gatun.engine.Engine;
import dev.gatun.load.RankLoad;
import dev.gatun.shard.Placement;
import dev.gatun.weights.Checkpoint;
import dev.gatun.weights.Weight;
import dev.gatun.weights.WeightClass;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * @param file its path, or the name of a synthetic one
 */
record BenchModel(String file, Checkpoint checkpoint) {
  /** Weights of all tensors. */
  long parameters() {
    return checkpoint.weights().stream().mapToLong(Weight::count).sum();
  }

  /** Bytes of all tensors in the file. */
  long bytes() {
    return checkpoint.weights().stream().mapToLong(Weight::bytes).sum();
  }

  /** Architecture, parameters and the type that most bytes are in: llama 134.52M Q4_1. */
  String type() {
    Map<String, Long> bytes =
        checkpoint.weights().stream()
            .collect(
                Collectors.groupingBy(
                    weight -> weight.dtype().name(), Collectors.summingLong(Weight::bytes)));
    String most =
        bytes.entrySet().stream()
            .max(Comparator.comparing(Map.Entry::getValue))
            .orElseThrow()
            .getKey();
    return checkpoint.config().architecture()
        + " "
        + Amount.count(parameters()).replace(" ", "")
        + " "
        + most;
  }

  /**
   * Operations of the layers' products for one token of a prompt: a multiplication and an addition
   * a weight. The head's are left out, since a prompt needs one row of it.
   */
  double operationsPerToken() {
    double chosen =
        checkpoint.config().moe().map(moe -> moe.perToken() / (double) moe.experts()).orElse(1.0);
    return checkpoint.weights().stream()
        .mapToDouble(
            weight ->
                switch (WeightClass.of(weight.name())) {
                  case ATTENTION, FEED_FORWARD -> 2.0 * weight.count();
                  case EXPERTS -> 2.0 * weight.count() * chosen;
                  case HEAD, NORMS, EMBEDDING -> 0;
                })
        .sum();
  }

  /**
   * Bytes of weights and cache that a token of {@code test} reads on average: a step reads the
   * weights once for all its tokens, of all sequences, and a token the cache of those before it.
   */
  static double bytesRead(Engine engine, BenchCase test) {
    double cachedToken =
        (double) engine.ranks().stream().mapToLong(RankLoad::cache).sum()
            / ((long) engine.cacheCounts().pages() * Device.pageTokens());
    double bytes = 0;
    if (test.prompt() > 0) {
      int step = Math.min(engine.options().batch(), engine.options().ubatch());
      int prompts = test.prompt() * test.parallel();
      int steps = Math.ceilDiv(prompts, step);
      double weights = weightsRead(engine, Math.min(prompts, step), test.parallel());
      int own = Math.ceilDiv(test.prompt(), step);
      double cache = test.depth() * (double) own + step * own * (own + 1) / 2.0;
      bytes += weights * steps + test.parallel() * cachedToken * cache;
    }
    if (test.generated() > 0) {
      double weights = weightsRead(engine, test.parallel(), test.parallel());
      double before = test.depth() + test.prompt() + (test.generated() + 1) / 2.0;
      bytes += test.generated() * (weights + test.parallel() * cachedToken * before);
    }
    return bytes / test.tokens();
  }

  /**
   * Bytes of weights that a step reads, on all devices together, where every token chooses its
   * experts evenly. Devices that have sequences of their own read all but the experts and their
   * part of the output projection for these, the first device for the first sequence.
   */
  private static double weightsRead(Engine engine, int tokens, int sequences) {
    double chosen =
        engine.config().moe().map(moe -> moe.perToken() / (double) moe.experts()).orElse(1.0);
    double reached = 1 - Math.pow(1 - chosen, tokens);
    List<RankLoad> ranks = engine.ranks();
    double experts = ranks.stream().mapToLong(RankLoad::experts).sum();
    if (ranks.size() == 1) {
      return engine.weightBytesPerToken() + (reached - chosen) * experts;
    }
    boolean areOwn = engine.options().mesh().mode() == Placement.Mode.DATA;
    double all = reached * experts;
    for (int i = 0; i < ranks.size(); i++) {
      RankLoad rank = ranks.get(i);
      all += areOwn && i >= sequences ? rank.head() : rank.weights() - rank.experts();
    }
    return all;
  }
}

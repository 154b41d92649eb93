// StepPlans: how the steps of a model lie in memory.
package dev.gatun.step;

import dev.gatun.device.DType;
import dev.gatun.device.Device;
import dev.gatun.graph.Compute;
import dev.gatun.graph.Crossover;
import dev.gatun.graph.MemoryPlan;
import dev.gatun.graph.RankRows;
import dev.gatun.graph.StepShape;
import dev.gatun.model.Model;
import dev.gatun.op.Product;
import dev.gatun.op.Provider;
import dev.gatun.shard.Shard;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * One for each structure that a step's graph may have: whether it keeps every token's logits or
 * some, or those of multi-token prediction, and which products cuBLAS computes. All share one slab.
 * A smaller step of the same structure has the same tensors, none larger, so it takes the same
 * offsets.
 *
 * @param most the largest steps
 * @param plans of the largest step of each structure
 * @param logitBytes of the logits of the most rows
 * @param maskWords of a token mask, 32 tokens each; on every rank, though only one draws
 * @param unpackedBytes lent to products that unpack their weights; 0 where none does
 * @param exchangedBytes most that each group of ranks, this one among them, exchanges at once
 */
public record StepPlans(
    StepBounds most,
    Crossover crossover,
    List<MemoryPlan> plans,
    long logitBytes,
    int maskWords,
    long unpackedBytes,
    Map<List<Integer>, Long> exchangedBytes) {

  /** Most of a weight that is unpacked at once: enough tiles for every multiprocessor. */
  private static final long MOST_UNPACKED = 256L << 20;

  /**
   * @param shard that the model is of
   * @param vocab columns of the logits
   */
  public static StepPlans of(
      Model model, Shard shard, int vocab, StepBounds most, Compute compute, Crossover crossover) {
    List<MemoryPlan> plans = new ArrayList<>();
    long logits = 0;
    long unpacked = 0;
    Map<List<Integer>, Long> exchanged = new HashMap<>();
    for (StepShape shape : largestSteps(model, shard, most, crossover)) {
      StepGraph built = StepGraph.of(model, shape, compute, crossover);
      plans.add(built.plan());
      logits =
          built
              .logits()
              .map(tensor -> DType.F32.bytes((long) most.logitRows() * tensor.cols()))
              .orElse(0L);
      built.exchangedBytes().forEach((group, bytes) -> exchanged.merge(group, bytes, Math::max));
      unpacked = Math.max(unpacked, unpackedBytes(built));
    }
    int maskWords = Math.ceilDiv(vocab, Integer.SIZE);
    return new StepPlans(most, crossover, plans, logits, maskWords, unpacked, exchanged);
  }

  /**
   * The largest step of each structure there is. All draw: then the logits live longest, and no
   * tensor is added.
   */
  private static Set<StepShape> largestSteps(
      Model model, Shard shard, StepBounds most, Crossover crossover) {
    Set<StepShape> shapes = new LinkedHashSet<>();
    if (shard.dividesRows()) {
      return largestOfRanks(shard, most);
    }
    boolean halves = model.hasHalves();
    for (int rows : largestNumbers(most.logitRows(), crossover, halves)) {
      shapes.add(largest(rows, rows));
      if (model.hasMtp()) {
        shapes.add(new StepShape(rows, rows, false, true, true));
      }
      for (int tokens : largestNumbers(most.tokens(), crossover, halves)) {
        int fewer = Math.min(rows, tokens - 1);
        if (fewer > 0 && crossover.phase(fewer) == crossover.phase(rows)) {
          shapes.add(largest(tokens, fewer));
        }
      }
    }
    return shapes;
  }

  /**
   * Where each rank has rows of its own: the largest step whose rows are all this rank's, the
   * largest of which it keeps all of its rows, and the largest in which it has none.
   */
  private static Set<StepShape> largestOfRanks(Shard shard, StepBounds most) {
    int tokens = most.tokens();
    int rows = most.logitRows();
    Set<StepShape> shapes = new LinkedHashSet<>();
    shapes.add(ofRanks(shard, tokens, Math.clamp(rows, 1, Math.max(1, tokens - 1)), 0, 0));
    shapes.add(ofRanks(shard, rows, rows, tokens - rows, 0));
    shapes.add(ofRanks(shard, 0, 0, tokens, rows));
    return shapes;
  }

  /**
   * @param tokens of the rank, then what of the step is others'
   */
  private static StepShape ofRanks(
      Shard shard, int tokens, int logitRows, int otherTokens, int otherRows) {
    Integer[] all = new Integer[shard.placement().ranks()];
    Integer[] rows = new Integer[all.length];
    Arrays.fill(all, 0);
    Arrays.fill(rows, 0);
    all[shard.rank()] = tokens;
    rows[shard.rank()] = logitRows;
    int other = shard.rank() == 0 ? 1 : 0;
    all[other] = otherTokens;
    rows[other] = otherRows;
    RankRows ranks = new RankRows(shard.rank(), List.of(all), List.of(rows));
    return StepShape.of(ranks, false, true);
  }

  /** Of tokens, each the largest of those whose steps have the same ops. */
  private static int[] largestNumbers(int most, Crossover crossover, boolean halves) {
    // Where cuBLAS computes some, steps have no halves.
    return halves && crossover.isNever() && most >= StepShape.LEAST_HALVED
        ? new int[] {StepShape.LEAST_HALVED - 1, most}
        : crossover.largestOfPhases(most);
  }

  private static StepShape largest(int tokens, int logitRows) {
    return new StepShape(tokens, logitRows, false, true, false);
  }

  private static long unpackedBytes(StepGraph graph) {
    long most =
        graph
            .products()
            .filter(product -> product.provider() == Provider.CUBLAS)
            .mapToLong(Product::unpackedBytes)
            .max()
            .orElse(0);
    return Math.min(most, MOST_UNPACKED);
  }

  /**
   * A plan by which a graph may run.
   *
   * @throws IllegalArgumentException where the step is larger than what was planned for
   */
  MemoryPlan of(StepGraph built) {
    return plans.stream()
        .filter(plan -> plan.covers(built.graph(), built.logits()))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    built.graph().shape() + " is larger than what was planned for: " + most));
  }

  /** Bytes of the slab. */
  public long bytes() {
    return plans.stream().mapToLong(MemoryPlan::bytes).max().orElseThrow();
  }

  /** Bytes lent to NVIDIA's library: its workspace and the rows of a weight. */
  public long gemmBytes() {
    return unpackedBytes > 0 ? Device.GEMM_WORKSPACE + unpackedBytes : 0;
  }
}

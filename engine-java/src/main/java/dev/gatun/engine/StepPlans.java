// StepPlans: how the largest steps of a model lie in memory.
package dev.gatun.engine;

import dev.gatun.device.DType;
import dev.gatun.device.Device;
import dev.gatun.graph.Crossover;
import dev.gatun.graph.MemoryPlan;
import dev.gatun.graph.Step;
import dev.gatun.model.Model;
import dev.gatun.op.Product;
import dev.gatun.op.Provider;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Steps that keep every token's logits, or whose products cuBLAS computes, have another graph; all
 * share one slab. A smaller step of the same structure has the same tensors, none larger, so it
 * takes the same offsets.
 *
 * @param logitBytes of the logits of the most rows
 * @param unpackedBytes lent to products that unpack their weights; 0 where none does
 */
record StepPlans(
    Crossover crossover, Map<Structure, MemoryPlan> plans, long logitBytes, long unpackedBytes) {

  /** Most of a weight that is unpacked at once: enough tiles for every multiprocessor. */
  private static final long MOST_UNPACKED = 256L << 20;

  /**
   * @param tokens phase of the step's tokens in the crossover
   * @param logitRows likewise of the rows that the last layer keeps
   */
  private record Structure(boolean keepsAllRows, int tokens, int logitRows) {
    static Structure of(Step step, Crossover crossover) {
      return new Structure(
          step.keepsAllRows(), crossover.phase(step.tokens()), crossover.phase(step.logitRows()));
    }
  }

  static StepPlans of(Model model, EngineOptions options, Crossover crossover) {
    int mostRows = Math.min(options.stepTokens(), options.logitRows());
    Map<Structure, MemoryPlan> plans = new LinkedHashMap<>();
    long logits = 0;
    long unpacked = 0;
    for (Step step : largestSteps(options.stepTokens(), mostRows, crossover)) {
      StepGraph built = StepGraph.of(model, step, options.compute(), crossover);
      plans.put(Structure.of(step, crossover), built.plan());
      logits = DType.F32.bytes((long) mostRows * built.logits().cols());
      unpacked = Math.max(unpacked, unpackedBytes(built));
    }
    return new StepPlans(crossover, plans, logits, unpacked);
  }

  /** The largest step of each structure there is. */
  private static List<Step> largestSteps(int mostTokens, int mostRows, Crossover crossover) {
    List<Step> steps = new ArrayList<>();
    for (int rows : crossover.largestOfPhases(mostRows)) {
      steps.add(Step.ofShape(rows, rows));
      for (int tokens : crossover.largestOfPhases(mostTokens)) {
        int fewer = Math.min(rows, tokens - 1);
        if (fewer > 0 && crossover.phase(fewer) == crossover.phase(rows)) {
          steps.add(Step.ofShape(tokens, fewer));
        }
      }
    }
    return steps;
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

  MemoryPlan of(Step step) {
    return plans.get(Structure.of(step, crossover));
  }

  /** Bytes of the slab. */
  long bytes() {
    return plans.values().stream().mapToLong(MemoryPlan::bytes).max().orElseThrow();
  }

  /** Bytes lent to NVIDIA's library: its workspace and the rows of a weight. */
  long gemmBytes() {
    return unpackedBytes > 0 ? Device.GEMM_WORKSPACE + unpackedBytes : 0;
  }
}

// StepPlans: how the largest steps of a model lie in memory.
package dev.gatun.engine;

import dev.gatun.graph.Graph;
import dev.gatun.graph.MemoryPlan;
import dev.gatun.graph.Step;
import dev.gatun.graph.Tensor;
import dev.gatun.model.Model;

/**
 * A step that keeps every token's logits has another graph than one that keeps some; both share one
 * slab. A smaller step of the same structure has the same tensors, none larger, so it takes the
 * same offsets.
 *
 * @param vocab columns of the logits
 */
record StepPlans(MemoryPlan ofAllRows, MemoryPlan ofSomeRows, int vocab) {

  static StepPlans of(Model model, EngineOptions options) {
    int tokens = options.stepTokens();
    int rows = Math.min(tokens, options.logitRows());
    int some = Math.max(tokens, 2);
    Graph graph = new Graph(Step.ofShape(rows, rows), options.compute());
    Tensor logits = model.logits(graph);
    return new StepPlans(
        MemoryPlan.of(graph, logits),
        plan(model, options, Step.ofShape(some, Math.min(rows, some - 1))),
        logits.cols());
  }

  MemoryPlan of(Step step) {
    return step.keepsAllRows() ? ofAllRows : ofSomeRows;
  }

  /** Bytes of the slab. */
  long bytes() {
    return Math.max(ofAllRows.bytes(), ofSomeRows.bytes());
  }

  private static MemoryPlan plan(Model model, EngineOptions options, Step step) {
    Graph graph = new Graph(step, options.compute());
    return MemoryPlan.of(graph, model.logits(graph));
  }
}

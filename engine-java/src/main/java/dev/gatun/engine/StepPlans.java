// StepPlans: how the largest steps of a model lie in memory.
package dev.gatun.engine;

import dev.gatun.device.DType;
import dev.gatun.graph.MemoryPlan;
import dev.gatun.graph.Step;
import dev.gatun.model.Model;

/**
 * A step that keeps every token's logits has another graph than one that keeps some; both share one
 * slab. A smaller step of the same structure has the same tensors, none larger, so it takes the
 * same offsets.
 *
 * @param logitBytes of the logits of the most rows
 */
record StepPlans(MemoryPlan ofAllRows, MemoryPlan ofSomeRows, long logitBytes) {

  static StepPlans of(Model model, EngineOptions options) {
    int tokens = options.stepTokens();
    int rows = Math.min(tokens, options.logitRows());
    int some = Math.max(tokens, 2);
    StepGraph all = StepGraph.of(model, Step.ofShape(rows, rows), options.compute());
    Step part = Step.ofShape(some, Math.min(rows, some - 1));
    return new StepPlans(
        all.plan(),
        StepGraph.of(model, part, options.compute()).plan(),
        DType.F32.bytes((long) rows * all.logits().cols()));
  }

  MemoryPlan of(Step step) {
    return step.keepsAllRows() ? ofAllRows : ofSomeRows;
  }

  /** Bytes of the slab. */
  long bytes() {
    return Math.max(ofAllRows.bytes(), ofSomeRows.bytes());
  }
}

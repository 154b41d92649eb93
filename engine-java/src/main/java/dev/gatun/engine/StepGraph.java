// StepGraph: what a model writes for a step, in as few ops as it takes.
package dev.gatun.engine;

import dev.gatun.graph.Compute;
import dev.gatun.graph.Crossover;
import dev.gatun.graph.Graph;
import dev.gatun.graph.MemoryPlan;
import dev.gatun.graph.Step;
import dev.gatun.model.Model;
import dev.gatun.op.Product;
import dev.gatun.op.Tensor;
import java.util.stream.Stream;

/**
 * @param logits (logitRows, vocab) float32
 */
record StepGraph(Graph graph, Tensor logits) {

  static StepGraph of(Model model, Step step, Compute compute, Crossover crossover) {
    Graph graph = new Graph(step, compute, crossover);
    Tensor logits = model.logits(graph);
    if (step.draws()) {
      graph.sample(logits);
    }
    graph.fuse();
    return new StepGraph(graph, logits);
  }

  Stream<Product> products() {
    return graph.ops().stream().flatMap(op -> op.products().stream());
  }

  MemoryPlan plan() {
    return MemoryPlan.of(graph, logits);
  }
}

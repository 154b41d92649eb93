// StepGraph: what a model writes for a step, in as few ops as it takes.
package dev.gatun.step;

import dev.gatun.graph.Compute;
import dev.gatun.graph.Crossover;
import dev.gatun.graph.Graph;
import dev.gatun.graph.MemoryPlan;
import dev.gatun.graph.StepShape;
import dev.gatun.model.Model;
import dev.gatun.op.Product;
import dev.gatun.op.Tensor;
import java.util.stream.Stream;

/**
 * @param logits (logitRows, vocab) float32
 */
public record StepGraph(Graph graph, Tensor logits) {

  public static StepGraph of(Model model, StepShape shape, Compute compute, Crossover crossover) {
    Graph graph = new Graph(shape, compute, crossover);
    Tensor logits = shape.mtp() ? model.mtpLogits(graph) : model.logits(graph);
    if (shape.draws()) {
      graph.sample(logits);
    }
    graph.fuse();
    return new StepGraph(graph, logits);
  }

  public Stream<Product> products() {
    return graph.ops().stream().flatMap(op -> op.products().stream());
  }

  MemoryPlan plan() {
    return MemoryPlan.of(graph, logits);
  }
}

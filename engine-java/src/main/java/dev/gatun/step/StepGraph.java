// StepGraph: what a model writes for a step, in as few ops as it takes.
package dev.gatun.step;

import dev.gatun.graph.Compute;
import dev.gatun.graph.Crossover;
import dev.gatun.graph.Graph;
import dev.gatun.graph.MemoryPlan;
import dev.gatun.graph.StepShape;
import dev.gatun.model.Model;
import dev.gatun.op.Exchanging;
import dev.gatun.op.Op;
import dev.gatun.op.Product;
import dev.gatun.op.Tensor;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * @param logits (logitRows, vocab) float32; empty where another rank has them
 */
public record StepGraph(Graph graph, Optional<Tensor> logits) {

  public static StepGraph of(Model model, StepShape shape, Compute compute, Crossover crossover) {
    Graph graph = new Graph(shape, compute, crossover);
    Optional<Tensor> logits = shape.mtp() ? model.mtpLogits(graph) : model.logits(graph);
    if (shape.draws()) {
      logits.ifPresent(graph::sample);
    }
    graph.fuse();
    return new StepGraph(graph, logits);
  }

  public Stream<Product> products() {
    return graph.ops().stream().flatMap(op -> op.products().stream());
  }

  /** Most bytes that each group of ranks exchanges at once. */
  Map<List<Integer>, Long> exchangedBytes() {
    Map<List<Integer>, Long> bytes = new HashMap<>();
    for (Op op : graph.ops()) {
      if (op instanceof Exchanging exchange) {
        bytes.merge(exchange.members(), exchange.exchangedBytes(), Math::max);
      }
    }
    return bytes;
  }

  MemoryPlan plan() {
    return MemoryPlan.of(graph, logits);
  }
}

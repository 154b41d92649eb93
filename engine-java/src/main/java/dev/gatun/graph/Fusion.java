// Fusion: lets an op write quantised what nothing but a Quantize would read.
package dev.gatun.graph;

import dev.gatun.graph.Graph.Mark;
import dev.gatun.op.Op;
import dev.gatun.op.Quantize;
import dev.gatun.op.Quantizing;
import dev.gatun.op.Tensor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** The ops of a graph with fewer launches and less memory between them; the same values. */
record Fusion(List<Op> ops, List<Mark> marks) {

  static Fusion of(List<Op> ops, List<Mark> marks) {
    Map<Tensor, Integer> readers = new HashMap<>();
    ops.forEach(op -> op.reads().forEach(tensor -> readers.merge(tensor, 1, Integer::sum)));
    Set<Tensor> marked = marks.stream().map(Mark::tensor).collect(Collectors.toSet());
    Map<Tensor, Tensor> quantized = new HashMap<>();
    for (Op op : ops) {
      if (op instanceof Quantize(Tensor x, Tensor y)
          && readers.get(x) == 1
          && !marked.contains(x)) {
        quantized.put(x, y);
      }
    }
    List<Op> fused = new ArrayList<>();
    int[] indices = new int[ops.size()];
    for (int i = 0; i < ops.size(); i++) {
      Op op = ops.get(i);
      Optional<Op> writer = writing(op, quantized);
      boolean done = op instanceof Quantize(Tensor x, Tensor y) && writes(fused, y);
      if (!done) {
        fused.add(writer.orElse(op));
      }
      indices[i] = fused.size() - 1;
    }
    List<Mark> moved =
        marks.stream()
            .map(mark -> new Mark(mark.name(), indices[mark.op()], mark.tensor()))
            .toList();
    return new Fusion(fused, moved);
  }

  private static boolean writes(List<Op> ops, Tensor y) {
    return ops.stream().anyMatch(op -> op.writes().contains(y));
  }

  /** {@code op} with a quantised result, if it can and should write one. */
  private static Optional<Op> writing(Op op, Map<Tensor, Tensor> quantized) {
    return op instanceof Quantizing writer && quantized.containsKey(writer.y())
        ? writer.writing(quantized.get(writer.y()))
        : Optional.empty();
  }
}

// Fusion: lets an op write quantised what nothing but a Quantize would read.
package dev.gatun.graph;

import dev.gatun.device.DType;
import dev.gatun.graph.Graph.Mark;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** The ops of a graph with fewer launches and less memory between them; the same values. */
record Fusion(List<Op> ops, Map<String, Mark> marks) {

  static Fusion of(List<Op> ops, Map<String, Mark> marks) {
    Map<Tensor, Integer> readers = new HashMap<>();
    ops.forEach(op -> op.reads().forEach(tensor -> readers.merge(tensor, 1, Integer::sum)));
    Set<Tensor> marked = marks.values().stream().map(Mark::tensor).collect(Collectors.toSet());
    Map<Tensor, Tensor> quantized = new HashMap<>();
    for (Op op : ops) {
      if (op instanceof Op.Quantize(Tensor x, Tensor y)
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
      boolean done = op instanceof Op.Quantize(Tensor x, Tensor y) && writes(fused, y);
      if (!done) {
        fused.add(writer.orElse(op));
      }
      indices[i] = fused.size() - 1;
    }
    Map<String, Mark> moved = new LinkedHashMap<>();
    marks.forEach((name, mark) -> moved.put(name, new Mark(indices[mark.op()], mark.tensor())));
    return new Fusion(fused, moved);
  }

  private static boolean writes(List<Op> ops, Tensor y) {
    return ops.stream().anyMatch(op -> op.writes().contains(y));
  }

  /** {@code op} with a quantised result, if it can and should write one. */
  private static Optional<Op> writing(Op op, Map<Tensor, Tensor> quantized) {
    return switch (op) {
      case Op.RmsNorm o ->
          to(quantized, o.y()).map(y -> new Op.RmsNorm(o.x(), o.weight(), o.eps(), y));
      case Op.AddRmsNorm o ->
          to(quantized, o.y())
              .map(y -> new Op.AddRmsNorm(o.residual(), o.delta(), o.weight(), o.eps(), y));
      // Our gate and up before their down: its kernels write no bfloat16.
      case Op.GateUp o ->
          to(quantized, o.y())
              .filter(y -> y.dtype() != DType.BF16)
              .map(y -> new Op.GateUp(o.gate(), o.up(), o.x(), y));
      case Op.Gated o -> to(quantized, o.y()).map(y -> new Op.Gated(o.gate(), o.up(), y));
      case Op.Attention o ->
          to(quantized, o.y()).map(y -> new Op.Attention(o.q(), o.layer(), o.scale(), y));
      default -> Optional.empty();
    };
  }

  private static Optional<Tensor> to(Map<Tensor, Tensor> quantized, Tensor y) {
    return Optional.ofNullable(quantized.get(y));
  }
}

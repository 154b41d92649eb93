// Activations: who computes a product, and in which format its input is.
package dev.gatun.graph;

import dev.gatun.device.DType;
import dev.gatun.device.IntVector;
import dev.gatun.device.PackedMatrix;
import dev.gatun.op.GatherCols;
import dev.gatun.op.Provider;
import dev.gatun.op.Quantize;
import dev.gatun.op.Tensor;
import dev.gatun.refusal.Refusal;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The one place where both are decided. The inputs are ops of {@code graph}, each made once; {@link
 * Fusion} then lets the op before write them where it can.
 */
final class Activations {
  private final Graph graph;
  private final Compute compute;
  private final Crossover crossover;
  private final Map<Formatted, Tensor> quantized = new HashMap<>();
  private final Map<Ordered, Tensor> ordered = new HashMap<>();

  private record Formatted(Tensor x, DType dtype) {}

  private record Ordered(Tensor x, IntVector order) {}

  Activations(Graph graph, Compute compute, Crossover crossover) {
    this.graph = graph;
    this.compute = compute;
    this.crossover = crossover;
  }

  /**
   * @param asked the format that the kernels read in int8 compute: A8 or A16
   * @param gated whether the product is gate and up in one
   */
  Provider provider(PackedMatrix weight, Tensor x, DType asked, boolean gated) {
    if (compute == Compute.F32) {
      return Provider.KERNELS;
    }
    Crossover.Kind kind = Crossover.Kind.of(gated, weight, formatOfKernels(weight, asked));
    return crossover.provider(kind, weight, x.rows());
  }

  /** Whether what the kernels multiply may be rounded to integers. */
  boolean integers() {
    return compute != Compute.F32;
  }

  /** {@code x} as {@code provider} reads it for {@code weight}: its columns, then its format. */
  Tensor input(PackedMatrix weight, Tensor x, DType asked, Provider provider) {
    DType format = provider == Provider.CUBLAS ? DType.BF16 : formatOfKernels(weight, asked);
    Tensor columns =
        weight
            .order()
            .map(order -> ordered.computeIfAbsent(new Ordered(x, order), this::gatherCols))
            .orElse(x);
    return format == DType.F32
        ? columns
        : quantized.computeIfAbsent(new Formatted(columns, format), this::quantize);
  }

  /**
   * The one input that the kernels read for all of {@code weights}; empty where their inputs
   * differ, or cuBLAS computes one of them.
   */
  Optional<Tensor> shared(List<PackedMatrix> weights, Tensor x, DType asked) {
    if (weights.stream().anyMatch(w -> provider(w, x, asked, false) != Provider.KERNELS)) {
      return Optional.empty();
    }
    List<Tensor> inputs =
        weights.stream().map(w -> input(w, x, asked, Provider.KERNELS)).distinct().toList();
    return inputs.size() == 1 ? Optional.of(inputs.getFirst()) : Optional.empty();
  }

  /** A refusal where one input cannot serve both. */
  static void requireOneType(PackedMatrix gate, PackedMatrix up) {
    if (gate.dtype() != up.dtype()) {
      throw Refusal.model(
          "a layer's gate is " + gate.dtype() + " and its up " + up.dtype() + ", expected one type",
          "use a file that quantises the two alike");
    }
  }

  private DType formatOfKernels(PackedMatrix weight, DType asked) {
    boolean blocks = weight.dtype().isQuantized() && weight.cols() % asked.blockSize() == 0;
    if (compute == Compute.F32 || !blocks) {
      return DType.F32;
    }
    return compute == Compute.INT16 ? DType.A16 : asked;
  }

  private Tensor gatherCols(Ordered wanted) {
    Tensor x = wanted.x();
    Tensor y = graph.tensor(DType.F32, x.rows(), x.cols());
    graph.append(new GatherCols(x, wanted.order(), y));
    return y;
  }

  private Tensor quantize(Formatted wanted) {
    Tensor x = wanted.x();
    Tensor y = graph.tensor(wanted.dtype(), x.rows(), x.cols());
    graph.append(new Quantize(x, y));
    return y;
  }
}

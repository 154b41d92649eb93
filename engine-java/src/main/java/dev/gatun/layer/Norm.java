// Norm: RMSNorm with its weight.
package dev.gatun.layer;

import dev.gatun.device.FloatVector;
import dev.gatun.graph.Graph;
import dev.gatun.op.Tensor;

/** y = x / sqrt(mean(x^2) + eps) * weight (Zhang and Sennrich 2019). */
public record Norm(FloatVector weight, float eps) {
  public Tensor apply(Graph graph, Tensor x) {
    return graph.rmsNorm(x, weight, eps);
  }

  /** Adds {@code delta} to {@code residual}, then normalises. */
  public Tensor afterAdd(Graph graph, Tensor residual, Tensor delta) {
    return graph.addRmsNorm(residual, delta, weight, eps);
  }
}

// Norm: RMSNorm with its weight.
package dev.gatun.layer;

import dev.gatun.device.FloatVector;
import dev.gatun.graph.Graph;
import dev.gatun.op.Tensor;
import dev.gatun.weights.ModelConfig;
import dev.gatun.weights.Parameters;

/** y = x / sqrt(mean(x^2) + eps) * weight (Zhang and Sennrich 2019). */
public record Norm(FloatVector weight, float eps) {
  /** Of the residual stream. */
  static Norm of(Parameters parameters, String name) {
    ModelConfig config = parameters.config();
    return new Norm(parameters.vector(name, config.hidden()), (float) config.rmsEps());
  }

  public Tensor apply(Graph graph, Tensor x) {
    return graph.rmsNorm(x, weight, eps);
  }

  /** Adds {@code delta} to {@code residual}, then normalises. */
  public Tensor afterAdd(Graph graph, Tensor residual, Tensor delta) {
    return graph.addRmsNorm(residual, delta, weight, eps);
  }

  /** As the other, with the norm in {@code y}. */
  void afterAdd(Graph graph, Tensor residual, Tensor delta, Tensor y) {
    graph.addRmsNorm(residual, delta, weight, eps, y);
  }
}

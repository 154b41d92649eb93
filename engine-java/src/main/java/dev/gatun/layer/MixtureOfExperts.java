// MixtureOfExperts: a router and the gated MLPs it chooses among.
package dev.gatun.layer;

import dev.gatun.device.PackedMatrix;
import dev.gatun.graph.Graph;
import dev.gatun.op.Tensor;
import dev.gatun.weights.FeedForwardConfig;
import dev.gatun.weights.Parameters;

/**
 * Softmax over all experts, the best {@code perToken} of them, their weights normalised where the
 * model says so (source: transformers, models/qwen3_moe). router (experts, hidden); gate and up
 * (experts, ff, hidden); down (experts, hidden, ff).
 */
public record MixtureOfExperts(
    PackedMatrix router,
    PackedMatrix gate,
    PackedMatrix up,
    PackedMatrix down,
    int perToken,
    boolean normalize)
    implements FeedForward {

  /** Reads {@code prefix}gate and the stacked {@code prefix}experts.*_proj. */
  public static MixtureOfExperts of(
      Parameters parameters, String prefix, int hidden, FeedForwardConfig.Routed config) {
    String experts = prefix + "experts.";
    int ff = config.intermediate();
    return new MixtureOfExperts(
        parameters.matrix(prefix + "gate.weight", config.experts(), hidden),
        parameters.experts(experts + "gate_proj.weight", config.experts(), ff, hidden),
        parameters.experts(experts + "up_proj.weight", config.experts(), ff, hidden),
        parameters.experts(experts + "down_proj.weight", config.experts(), hidden, ff),
        config.perToken(),
        config.normTopK());
  }

  @Override
  public Tensor apply(Graph graph, Tensor x) {
    Graph.Routing routing = graph.route(graph.matMul(router, x), perToken, normalize);
    Tensor h = graph.expertGateUp(gate, up, x, routing);
    return graph.expertCombine(graph.expertDown(down, h, routing), routing);
  }
}

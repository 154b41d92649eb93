// MixtureOfExperts: a router and the gated MLPs it chooses among.
package dev.gatun.layer;

import dev.gatun.device.PackedMatrix;
import dev.gatun.device.RouterWeights;
import dev.gatun.graph.Graph;
import dev.gatun.op.Tensor;
import dev.gatun.weights.FeedForwardConfig;
import dev.gatun.weights.Parameters;
import java.util.Optional;

/**
 * The {@code perToken} experts that the router chooses, by their weights, and what all tokens go
 * through (sources: transformers, models/qwen3_moe and deepseek_v3). router (experts, hidden); gate
 * and up (experts, ff, hidden); down (experts, hidden, ff).
 */
public record MixtureOfExperts(
    PackedMatrix router,
    PackedMatrix gate,
    PackedMatrix up,
    PackedMatrix down,
    int perToken,
    RouterWeights choice,
    Optional<GatedMlp> shared)
    implements FeedForward {

  /** Reads {@code prefix}gate, the stacked {@code prefix}experts.*_proj, and shared_experts. */
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
        choice(parameters, prefix, config),
        Optional.of(config.shared())
            .filter(width -> width > 0)
            .map(width -> GatedMlp.of(parameters, prefix + "shared_experts.", hidden, width)));
  }

  private static RouterWeights choice(
      Parameters parameters, String prefix, FeedForwardConfig.Routed config) {
    FeedForwardConfig.Router router = config.router();
    return new RouterWeights(
        parameters.vectorIf(
            router.bias(), prefix + "gate.e_score_correction_bias", config.experts()),
        router.scoring() == FeedForwardConfig.Scoring.SIGMOID,
        router.groups(),
        router.chosenGroups(),
        router.normalize(),
        (float) router.scale());
  }

  @Override
  public Tensor apply(Graph graph, Tensor x) {
    Graph.Routing routing = graph.route(choice, graph.matMul(router, x), perToken);
    Tensor h = graph.expertGateUp(gate, up, x, routing);
    Tensor chosen = graph.expertDown(down, h, routing);
    return graph.expertCombine(chosen, routing, shared.map(mlp -> mlp.apply(graph, x)));
  }
}

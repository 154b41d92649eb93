// MixtureOfExperts: a router and the gated MLPs it chooses among, on one rank or on several.
package dev.gatun.layer;

import dev.gatun.device.DType;
import dev.gatun.device.IntVector;
import dev.gatun.device.PackedMatrix;
import dev.gatun.device.RouterWeights;
import dev.gatun.graph.ExpertOps;
import dev.gatun.graph.Graph;
import dev.gatun.graph.RankRows;
import dev.gatun.graph.Transfers;
import dev.gatun.op.RowOwners;
import dev.gatun.op.Tensor;
import dev.gatun.shard.Shard;
import dev.gatun.weights.FeedForwardConfig;
import dev.gatun.weights.Parameters;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * The {@code perToken} experts that the router chooses, by their weights, and what all tokens go
 * through (sources: transformers, models/qwen3_moe and deepseek_v3). Experts may be on any rank:
 * each computes the rows of its own, and the homes of the layer add them up, in one order: of all
 * tokens, or each of its own sequences'.
 *
 * @param layer of the model
 * @param router of a home
 * @param stack the experts on this rank; empty where it has none
 * @param shared of a home whose layer has them
 * @param spread where experts are on several ranks
 */
public record MixtureOfExperts(
    int layer,
    Optional<Router> router,
    Optional<Stack> stack,
    Optional<GatedMlp> shared,
    Optional<Spread> spread,
    int perToken,
    int hidden)
    implements FeedForward {

  /** weight (experts, hidden). */
  public record Router(PackedMatrix weight, RouterWeights choice) {}

  /** gate and up (experts, ff, hidden); down (experts, hidden, ff). */
  public record Stack(PackedMatrix gate, PackedMatrix up, PackedMatrix down) {
    Tensor apply(Graph graph, Tensor x, Tensor ids) {
      return graph.experts().down(down, graph.experts().gateUp(gate, up, x, ids), ids);
    }
  }

  /**
   * @param home the rank that hands x and the choice to helpers
   * @param rank this one
   * @param helps whether there are members that are no home
   * @param rowsOfRanks the rows of each rank, where each has those of its own sequences
   * @param table (experts, turns) where this rank's stack has them
   */
  public record Spread(
      RowOwners owners,
      int home,
      int rank,
      boolean helps,
      Optional<Function<RankRows, List<Integer>>> rowsOfRanks,
      IntVector table) {
    Transfers.Group group() {
      return new Transfers.Group(owners.members(), home, rank);
    }

    /** Of each rank, where each has those of its own sequences. */
    Optional<List<Integer>> tokens(Graph graph) {
      return rowsOfRanks.flatMap(counts -> graph.shape().ranks().map(counts));
    }

    /** Tokens before this rank's. */
    int before(Graph graph) {
      return tokens(graph).map(all -> RankRows.sum(all.subList(0, rank))).orElse(0);
    }
  }

  /** Reads {@code mlp.gate}, the stacked {@code experts.*_proj}, and shared_experts of a layer. */
  public static MixtureOfExperts of(
      Parameters parameters, int layer, FeedForwardConfig.Routed config) {
    String prefix = "model.layers." + layer + ".mlp.";
    Shard shard = parameters.shard();
    Optional<Shard.Routed> routed = shard.routed(layer);
    int hidden = parameters.config().hidden();
    boolean home = shard.isHome(layer);
    return new MixtureOfExperts(
        layer,
        home
            ? Optional.of(
                new Router(
                    parameters.matrix(prefix + "gate.weight", config.experts(), hidden),
                    choice(parameters, prefix, config)))
            : Optional.empty(),
        stack(parameters, prefix + "experts.", config, routed),
        Optional.of(config.shared())
            .filter(width -> home && width > 0)
            .map(
                width -> GatedMlp.of(parameters, layer, prefix + "shared_experts.", hidden, width)),
        routed.map(ranks -> spread(parameters, prefix, ranks, layer)),
        config.perToken(),
        hidden);
  }

  private static Optional<Stack> stack(
      Parameters parameters,
      String prefix,
      FeedForwardConfig.Routed config,
      Optional<Shard.Routed> routed) {
    int hidden = parameters.config().hidden();
    int ff = config.intermediate();
    int experts = config.experts();
    if (routed.isEmpty()) {
      return Optional.of(
          new Stack(
              parameters.experts(prefix + "gate_proj.weight", experts, ff, hidden),
              parameters.experts(prefix + "up_proj.weight", experts, ff, hidden),
              parameters.experts(prefix + "down_proj.weight", experts, hidden, ff)));
    }
    return routed
        .map(Shard.Routed::here)
        .filter(here -> !here.isEmpty())
        .map(
            here ->
                new Stack(
                    parameters.experts(prefix + "gate_proj.weight", experts, ff, hidden, here),
                    parameters.experts(prefix + "up_proj.weight", experts, ff, hidden, here),
                    parameters.experts(prefix + "down_proj.weight", experts, hidden, ff, here)));
  }

  private static Spread spread(
      Parameters parameters, String prefix, Shard.Routed routed, int layer) {
    Shard shard = parameters.shard();
    boolean isLast = layer == shard.placement().layers() - 1;
    return new Spread(
        new RowOwners(routed.members(), routed.turns(), routed.owner()),
        shard.homes(layer).getFirst(),
        shard.rank(),
        !routed.helpers().isEmpty(),
        shard.dividesRows()
            ? Optional.of(isLast ? RankRows::kept : RankRows::tokens)
            : Optional.empty(),
        parameters.constant(prefix + "experts.places", routed.table(shard.rank())));
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
    return begin(graph, x).get();
  }

  @Override
  public Supplier<Tensor> begin(Graph graph, Tensor x) {
    Router own = router.orElseThrow();
    Tensor logits = graph.matMul(own.weight, x);
    graph.mark("router." + layer, logits);
    ExpertOps.Routing routing = graph.experts().route(layer, own.choice, logits, perToken);
    Tensor ids = routing.ids();
    if (spread.isEmpty()) {
      Tensor chosen = stack.orElseThrow().apply(graph, x, ids);
      Optional<Tensor> common = shared.map(mlp -> mlp.apply(graph, x));
      return () -> graph.experts().combine(chosen, routing, common);
    }
    Spread ranks = spread.get();
    if (ranks.helps) {
      graph.transfers().hand(ranks.group(), List.of(x, ids));
    }
    List<Tensor> all = gathered(graph, ranks, List.of(x, ids));
    int exchange = publish(graph, ranks, all.getFirst(), all.getLast());
    // What all tokens go through hides the way of the experts' rows.
    Optional<Tensor> common = shared.map(mlp -> mlp.apply(graph, x));
    int before = ranks.before(graph);
    return () -> {
      Tensor chosen = graph.transfers().collect(exchange, ranks.owners, ids, before, hidden);
      return graph.experts().combine(chosen, routing, common);
    };
  }

  @Override
  public void help(Graph graph, int rows) {
    Spread ranks = spread.orElseThrow();
    Transfers transfers = graph.transfers();
    List<Tensor> all;
    if (ranks.rowsOfRanks.isPresent()) {
      all = gathered(graph, ranks, List.of());
    } else {
      all =
          List.of(
              transfers.incoming(DType.F32, rows, hidden),
              transfers.incoming(DType.I32, rows, perToken));
      transfers.take(ranks.group(), all);
    }
    int exchange = publish(graph, ranks, all.getFirst(), all.getLast());
    transfers.pass(exchange, ranks.owners, hidden);
  }

  /** x and ids of all tokens, of which {@code own} are this rank's. */
  private List<Tensor> gathered(Graph graph, Spread ranks, List<Tensor> own) {
    if (ranks.rowsOfRanks.isEmpty()) {
      return own;
    }
    List<Transfers.Columns> columns =
        List.of(
            new Transfers.Columns(DType.F32, hidden), new Transfers.Columns(DType.I32, perToken));
    return graph.transfers().gatherRows(ranks.tokens(graph).get(), columns, own);
  }

  private int publish(Graph graph, Spread ranks, Tensor x, Tensor ids) {
    graph.transfers().show(ids); // before the experts, so that they run while the host looks
    Optional<Tensor> rows =
        stack.map(
            own ->
                own.apply(graph, x, graph.experts().local(ids, ranks.table, ranks.owners.turns())));
    return graph.transfers().publish(ranks.owners, ranks.tokens(graph), rows, ids, hidden);
  }
}

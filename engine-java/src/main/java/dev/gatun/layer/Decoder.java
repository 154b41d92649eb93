// Decoder: embedding, blocks, final norm and output projection; what all families share.
package dev.gatun.layer;

import dev.gatun.device.DType;
import dev.gatun.device.EmbeddingTable;
import dev.gatun.device.FloatVector;
import dev.gatun.graph.Graph;
import dev.gatun.graph.RankRows;
import dev.gatun.graph.Transfers;
import dev.gatun.op.Tensor;
import dev.gatun.shard.Shard;
import dev.gatun.weights.ModelConfig;
import dev.gatun.weights.Parameters;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntFunction;

/**
 * The residual stream is (tokens, hidden); each block's sums are fused with the norm that follows.
 * A rank has the stream where a layer is at home on it, of all rows or of its own sequences';
 * between layers with other homes it is handed on. Where other ranks have a layer's experts, its
 * rows go in halves: while those compute one half's experts, the home computes the other half's
 * attention.
 */
public final class Decoder {
  private final Shard shard;
  private final int hidden;
  private final Optional<EmbeddingTable> embedding;
  private final List<Stage> stages;
  private final Optional<End> end;
  private final Optional<Mtp> mtp;
  private final FloatVector invFreq;
  private final int ropeDim;
  private final float ropeFactor;
  private final int vocab;

  /**
   * After the last layer.
   *
   * @param head empty where this rank has no part of it
   */
  private record End(Norm norm, Optional<Linear> head) {}

  private Decoder(Parameters parameters, List<Stage> stages, Optional<Mtp> mtp) {
    ModelConfig config = parameters.config();
    String table = "model.embed_tokens.weight";
    int last = config.layers() - 1;
    RopeScaling rope = RopeScaling.of(config.rope());
    this.shard = parameters.shard();
    this.stages = stages;
    this.mtp = mtp;
    hidden = config.hidden();
    vocab = config.vocab();
    embedding =
        shard.isHome(0) ? Optional.of(parameters.table(table, vocab, hidden)) : Optional.empty();
    String head = config.tiedEmbeddings() ? "model.embed_tokens" : "lm_head";
    end =
        shard.isHome(last)
            ? Optional.of(
                new End(
                    Norm.of(parameters, "model.norm.weight"),
                    Linear.head(parameters, head, vocab, hidden)))
            : Optional.empty();
    invFreq = parameters.constant("rope.inv_freq", rope.invFreq());
    ropeDim = 2 * rope.invFreq().length;
    ropeFactor = rope.factor();
  }

  /**
   * Reads Hugging Face's {@code model.*} names, those of this rank's share.
   *
   * @param attention makes the first half of each layer at home here
   * @param feedForward makes the second half of each layer of which something is here
   */
  public static Decoder of(
      Parameters parameters, Attention.Choice attention, IntFunction<FeedForward> feedForward) {
    Shard shard = parameters.shard();
    List<Stage> stages = new ArrayList<>();
    AtomicInteger caches = new AtomicInteger();
    for (int layer = 0; layer < parameters.config().layerConfigs().size(); layer++) {
      if (shard.isHome(layer)) {
        String prefix = "model.layers." + layer + ".";
        Block block =
            new Block(
                Norm.of(parameters, prefix + "input_layernorm.weight"),
                attention.of(layer, caches::getAndIncrement),
                Norm.of(parameters, prefix + "post_attention_layernorm.weight"),
                feedForward.apply(layer));
        Optional<FeedForward> help =
            shard.dividesRows() && shard.routed(layer).isPresent()
                ? Optional.of(block.feedForward())
                : Optional.empty();
        stages.add(new Stage(layer, Optional.of(block), help, Stage.halved(shard, layer)));
      } else {
        boolean helps = shard.takesPart(layer);
        stages.add(
            new Stage(
                layer,
                Optional.empty(),
                helps ? Optional.of(feedForward.apply(layer)) : Optional.empty(),
                Stage.halved(shard, layer)));
      }
    }
    if (caches.get() != shard.homeLayers()) {
      throw new IllegalStateException(
          caches.get() + " layers took a cache, memory is planned for " + shard.homeLayers());
    }
    ModelConfig config = parameters.config();
    Optional<Mtp> mtp =
        config.mtp()
            ? stages.getLast().home().map(block -> Mtp.of(parameters, block))
            : Optional.empty();
    return new Decoder(parameters, stages.subList(0, config.layers()), mtp);
  }

  /** Whether larger steps go through some layers in halves. */
  public boolean hasHalves() {
    return stages.stream().anyMatch(Stage::halved);
  }

  /** Key and value heads of each cache on this rank. */
  public int cacheHeads() {
    return stages.stream()
        .flatMap(stage -> stage.home().stream())
        .findFirst()
        .map(block -> block.attention().cacheHeads())
        .orElse(1);
  }

  /**
   * (logitRows, vocab) on rank 0. Marks {@code hidden.0} after the embedding, {@code hidden.i}
   * after block i and the last after the final norm, as Hugging Face numbers hidden states; and
   * {@code router.i}, the scores of the experts of layer i from 0, where it has some.
   */
  public Optional<Tensor> logits(Graph graph) {
    Optional<Residual> stream = stream(graph, table(graph));
    return graph
        .shape()
        .ranks()
        .map(ranks -> logitsOfAll(graph, ranks, stream))
        .orElseGet(() -> toFirst(graph, stream.flatMap(its -> logits(graph, its))));
  }

  public boolean hasMtp() {
    return mtp.isPresent();
  }

  /** (tokens, vocab) of multi-token prediction, of a model on one rank; the step keeps all rows. */
  public Optional<Tensor> mtpLogits(Graph graph) {
    Optional<Tensor> table = table(graph);
    Tensor normed = normed(graph, stream(graph, table).orElseThrow());
    Linear head = end.orElseThrow().head.orElseThrow();
    return mtp.map(
        layer -> layer.logits(graph, normed, table.orElseThrow(), embedding.orElseThrow(), head));
  }

  private Optional<Tensor> table(Graph graph) {
    return shard.homeLayers() > 0 && graph.shape().hasRows()
        ? Optional.of(graph.ropeTable(invFreq, ropeDim, ropeFactor))
        : Optional.empty();
  }

  /** After the last layer, on its homes. */
  private Optional<Residual> stream(Graph graph, Optional<Tensor> table) {
    Optional<Residual> stream = Optional.empty();
    int last = stages.size() - 1;
    for (int layer = 0; layer <= last; layer++) {
      Stage stage = stages.get(layer);
      if (stage.home().isEmpty() || !graph.shape().hasRows()) {
        stage.help(graph, layer == last);
      } else {
        Optional<Residual> before = stream;
        Tensor x = before.map(Residual::x).orElseGet(() -> embed(graph));
        Tensor positions = table.orElseThrow();
        stream =
            Optional.of(
                layer == last
                    ? stage.runLast(graph, x, before, positions)
                    : stage.run(graph, x, before, positions));
      }
      if (layer < last) {
        stream = handOn(graph, layer, stream);
      }
    }
    return stream;
  }

  /** From the homes of a layer to those of the next, where they differ. */
  private Optional<Residual> handOn(Graph graph, int layer, Optional<Residual> stream) {
    List<Integer> homes = shard.homes(layer);
    List<Integer> next = shard.homes(layer + 1);
    boolean here = shard.isHome(layer);
    if (homes.equals(next) || !here && !shard.isHome(layer + 1)) {
      return stream;
    }
    Transfers.Group group = group(homes.getFirst(), next);
    if (!group.members().contains(shard.rank())) {
      return stream;
    }
    if (here) {
      graph.transfers().hand(group, stream.orElseThrow().tensors());
      return stream;
    }
    int tokens = graph.shape().tokens();
    Residual taken = new Residual(incoming(graph, tokens, hidden), incoming(graph, tokens, hidden));
    graph.transfers().take(group, taken.tensors());
    return Optional.of(taken);
  }

  private Tensor embed(Graph graph) {
    return graph.embed(embedding.orElseThrow(), false);
  }

  private Optional<Tensor> logits(Graph graph, Residual stream) {
    return end.flatMap(End::head)
        .flatMap(head -> head.applyFinelyOnFirst(graph, normed(graph, stream)));
  }

  /** Of the rows of all ranks, each of which has its own sequences'. */
  private Optional<Tensor> logitsOfAll(Graph graph, RankRows ranks, Optional<Residual> stream) {
    Optional<Tensor> own = stream.map(its -> normed(graph, its));
    boolean gives = ranks.own(ranks.logitRows()) > 0;
    List<Transfers.Columns> columns = List.of(new Transfers.Columns(DType.F32, hidden));
    Tensor all =
        graph
            .transfers()
            .gatherRows(ranks.logitRows(), columns, own.filter(_ -> gives).stream().toList())
            .getFirst();
    return end.flatMap(End::head).flatMap(head -> head.applyFinelyOnFirst(graph, all));
  }

  /** (logitRows, hidden) behind the final norm. */
  private Tensor normed(Graph graph, Residual stream) {
    Tensor y = end.orElseThrow().norm.afterAdd(graph, stream.x(), stream.fed());
    graph.mark("hidden." + stages.size(), y);
    return y;
  }

  /** Rank 0 decides what follows, so it needs the logits. */
  private Optional<Tensor> toFirst(Graph graph, Optional<Tensor> logits) {
    List<Integer> homes = shard.homes(stages.size() - 1);
    if (homes.getFirst() == 0) {
      return logits;
    }
    Transfers.Group group = group(homes.getFirst(), List.of(0));
    if (shard.rank() == homes.getFirst()) {
      graph.transfers().hand(group, List.of(logits.orElseThrow()));
      return Optional.empty();
    }
    if (shard.rank() != 0) {
      return Optional.empty();
    }
    Tensor taken = incoming(graph, graph.shape().logitRows(), vocab);
    graph.transfers().take(group, List.of(taken));
    return Optional.of(taken);
  }

  private Transfers.Group group(int from, List<Integer> to) {
    SortedSet<Integer> members = new TreeSet<>(to);
    members.add(from);
    return new Transfers.Group(List.copyOf(members), from, shard.rank());
  }

  private static Tensor incoming(Graph graph, int rows, int cols) {
    return graph.transfers().incoming(DType.F32, rows, cols);
  }
}

// Stage: what of a layer is on this rank.
package dev.gatun.layer;

import dev.gatun.graph.Graph;
import dev.gatun.op.Rows;
import dev.gatun.op.Tensor;
import dev.gatun.shard.Shard;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * All of it, experts alone, or nothing. Where other ranks have its experts, larger steps go through
 * it in halves: while those compute one half's experts, the home computes the other half's
 * attention, and neither waits for the sum of both.
 *
 * @param layer from 0
 * @param home all of it
 * @param help experts alone
 */
record Stage(int layer, Optional<Block> home, Optional<FeedForward> help, boolean halved) {

  /** Of the last layer not: it keeps rows of both halves. */
  static boolean halved(Shard shard, int layer) {
    return layer + 1 < shard.placement().layers()
        && shard.homes(layer).equals(shard.homes(layer + 1))
        && shard.routed(layer).map(ranks -> !ranks.helpers().isEmpty()).orElse(false);
  }

  private List<Rows> parts(Graph graph) {
    return halved ? graph.halves() : List.of(graph.shape().all());
  }

  /** This rank's share of the work where it is no home. */
  void help(Graph graph, boolean last) {
    for (Rows rows : parts(graph)) {
      int count = last ? graph.shape().logitRows() : rows.count();
      help.ifPresent(experts -> experts.help(graph, count));
    }
  }

  /**
   * A layer but the last, on its home.
   *
   * @param x the stream
   * @param before what the layer before left; empty where there is none
   * @param table what {@link Graph#ropeTable} returned for this step
   */
  Residual run(Graph graph, Tensor x, Optional<Residual> before, Tensor table) {
    List<Rows> parts = parts(graph);
    boolean alternates = before.map(stream -> stream.rows().equals(parts)).orElse(false);
    if (!alternates) {
      Tensor y = normed(graph, x, before);
      return new Residual(x, parts.stream().map(rows -> run(graph, x, y, rows, table)).toList());
    }
    Tensor y = graph.like(x);
    List<Residual.Part> ran = new ArrayList<>();
    for (Residual.Part part : before.orElseThrow().parts()) {
      norm(graph, x, part, y);
      ran.add(run(graph, x, y, part.rows(), table));
    }
    return new Residual(x, ran);
  }

  /** Past the last attention no token looks at another: only rows with a future go on. */
  Residual runLast(Graph graph, Tensor x, Optional<Residual> before, Tensor table) {
    Block block = home.orElseThrow();
    Tensor attended = block.attention().apply(graph, normed(graph, x, before), table);
    Tensor kept = graph.logitRows(x);
    Tensor y = block.mlpNorm().afterAdd(graph, kept, graph.logitRows(attended));
    return new Residual(kept, block.feedForward().apply(graph, y));
  }

  /** Some rows, as far as other ranks need not be waited for. */
  private Residual.Part run(Graph graph, Tensor x, Tensor y, Rows rows, Tensor table) {
    Block block = home.orElseThrow();
    Tensor attended = block.attention().apply(graph, y.part(rows), table.part(rows));
    Tensor input = block.mlpNorm().afterAdd(graph, x.part(rows), attended);
    return new Residual.Part(rows, block.feedForward().begin(graph, input));
  }

  /** The norm before attention, of all rows; {@code x} is then the whole stream. */
  private Tensor normed(Graph graph, Tensor x, Optional<Residual> before) {
    if (before.isPresent()) {
      Tensor y = graph.like(x);
      before.get().parts().forEach(part -> norm(graph, x, part, y));
      return y;
    }
    Tensor y = home.orElseThrow().attentionNorm().apply(graph, x);
    graph.mark("hidden." + layer, x);
    return y;
  }

  private void norm(Graph graph, Tensor x, Residual.Part part, Tensor y) {
    Tensor sum = x.part(part.rows());
    Tensor fed = part.fed().get();
    home.orElseThrow().attentionNorm().afterAdd(graph, sum, fed, y.part(part.rows()));
    graph.mark("hidden." + layer, sum);
  }
}

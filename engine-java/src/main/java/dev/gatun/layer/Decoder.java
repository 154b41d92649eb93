// Decoder: embedding, blocks, final norm and output projection; what all families share.
package dev.gatun.layer;

import dev.gatun.device.EmbeddingTable;
import dev.gatun.device.FloatVector;
import dev.gatun.graph.Graph;
import dev.gatun.op.Tensor;
import dev.gatun.weights.ModelConfig;
import dev.gatun.weights.Parameters;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntFunction;

/**
 * The residual stream is (tokens, hidden); each block's sums are fused with the norm that follows.
 */
public final class Decoder {
  private final EmbeddingTable embedding;
  private final List<Block> blocks;
  private final Norm finalNorm;
  private final Linear head;
  private final Optional<Mtp> mtp;
  private final FloatVector invFreq;
  private final int ropeDim;
  private final float ropeFactor;

  private Decoder(
      EmbeddingTable embedding,
      List<Block> blocks,
      Norm finalNorm,
      Linear head,
      Optional<Mtp> mtp,
      FloatVector invFreq,
      RopeScaling rope) {
    this.embedding = embedding;
    this.blocks = blocks;
    this.finalNorm = finalNorm;
    this.head = head;
    this.mtp = mtp;
    this.invFreq = invFreq;
    this.ropeDim = 2 * rope.invFreq().length;
    this.ropeFactor = rope.factor();
  }

  /**
   * Reads Hugging Face's {@code model.*} names.
   *
   * @param attention makes the first half of each layer
   * @param feedForward makes the second half of each layer
   */
  public static Decoder of(
      Parameters parameters, Attention.Choice attention, IntFunction<FeedForward> feedForward) {
    ModelConfig config = parameters.config();
    List<Block> blocks = new ArrayList<>();
    AtomicInteger caches = new AtomicInteger();
    for (int layer = 0; layer < config.layerConfigs().size(); layer++) {
      String prefix = "model.layers." + layer + ".";
      blocks.add(
          new Block(
              Norm.of(parameters, prefix + "input_layernorm.weight"),
              attention.of(layer, caches::getAndIncrement),
              Norm.of(parameters, prefix + "post_attention_layernorm.weight"),
              feedForward.apply(layer)));
    }
    if (caches.get() != config.caches()) {
      throw new IllegalStateException(
          caches.get() + " layers took a cache, memory is planned for " + config.caches());
    }
    String embedding = "model.embed_tokens.weight";
    RopeScaling rope = RopeScaling.of(config.rope());
    String head = config.tiedEmbeddings() ? embedding : "lm_head.weight";
    return new Decoder(
        parameters.table(embedding, config.vocab(), config.hidden()),
        blocks.subList(0, config.layers()),
        Norm.of(parameters, "model.norm.weight"),
        new Linear(parameters.matrix(head, config.vocab(), config.hidden())),
        config.mtp() ? Optional.of(Mtp.of(parameters, blocks.getLast())) : Optional.empty(),
        parameters.constant("rope.inv_freq", rope.invFreq()),
        rope);
  }

  /**
   * (logitRows, vocab). Marks {@code hidden.0} after the embedding, {@code hidden.i} after block i
   * and the last after the final norm, as Hugging Face numbers hidden states.
   */
  public Tensor logits(Graph graph) {
    Tensor x = graph.embed(embedding, false);
    return head.applyFinely(graph, hidden(graph, x, ropeTable(graph)));
  }

  public boolean hasMtp() {
    return mtp.isPresent();
  }

  /** (tokens, vocab) of multi-token prediction; the step keeps all rows. */
  public Tensor mtpLogits(Graph graph) {
    Tensor x = graph.embed(embedding, false);
    Tensor table = ropeTable(graph);
    Tensor hidden = hidden(graph, x, table);
    return mtp.orElseThrow().logits(graph, hidden, table, embedding, head);
  }

  private Tensor ropeTable(Graph graph) {
    return graph.ropeTable(invFreq, ropeDim, ropeFactor);
  }

  /** (logitRows, hidden) behind the final norm. */
  private Tensor hidden(Graph graph, Tensor embedded, Tensor table) {
    Tensor x = embedded;
    graph.mark("hidden.0", x);
    Tensor y = blocks.getFirst().attentionNorm().apply(graph, x);
    for (int i = 0; i < blocks.size(); i++) {
      Block block = blocks.get(i);
      boolean last = i == blocks.size() - 1;
      Tensor attended = block.attention().apply(graph, y, table);
      if (last) {
        // Past the last attention no token looks at another: only rows with a future go on.
        attended = graph.logitRows(attended);
        x = graph.logitRows(x);
      }
      y = block.mlpNorm().afterAdd(graph, x, attended);
      Tensor fed = block.feedForward().apply(graph, y);
      Norm next = last ? finalNorm : blocks.get(i + 1).attentionNorm();
      y = next.afterAdd(graph, x, fed);
      graph.mark("hidden." + (i + 1), last ? y : x);
    }
    return y;
  }
}

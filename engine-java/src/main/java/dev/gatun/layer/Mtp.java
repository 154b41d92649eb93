// Mtp: multi-token prediction: a layer that predicts the token behind the next one.
package dev.gatun.layer;

import dev.gatun.device.EmbeddingTable;
import dev.gatun.graph.Graph;
import dev.gatun.op.Tensor;
import dev.gatun.weights.ModelConfig;
import dev.gatun.weights.Parameters;
import java.util.Optional;

/**
 * For the token at position t: h' = projection * [norm(embedding of token t + 1); norm(h)], then a
 * block with a cache of its own, a norm and the head. h is the model's hidden state at t behind its
 * final norm.
 *
 * <p>Sources: DeepSeek-V3, arXiv 2412.19437, section 2.2, which writes the two halves the other way
 * round; vLLM, deepseek_mtp.py, and SGLang, deepseek_nextn.py, for the names and the order of the
 * published weights; both hand over what their DeepseekV2Model returns, which is normed. vLLM sets
 * the embedding to zero at position 0; the paper, SGLang and this class do not.
 *
 * @param embedding its own; empty where the file has none and it is the model's
 * @param projection (hidden, 2 * hidden)
 * @param block full attention over the positions before it, then experts
 * @param head its own (vocab, hidden), or empty likewise
 */
public record Mtp(
    Optional<EmbeddingTable> embedding,
    Norm embeddingNorm,
    Norm hiddenNorm,
    Linear projection,
    Block block,
    Norm norm,
    Optional<Linear> head) {

  /** Reads what its layer has besides {@code block}. */
  static Mtp of(Parameters parameters, Block block) {
    ModelConfig config = parameters.config();
    String prefix = "model.layers." + config.layers() + ".";
    long vocab = config.vocab();
    long hidden = config.hidden();
    String embedding = prefix + "embed_tokens.weight";
    String head = prefix + "shared_head.head.weight";
    return new Mtp(
        parameters.has(embedding)
            ? Optional.of(parameters.table(embedding, vocab, hidden))
            : Optional.empty(),
        Norm.of(parameters, prefix + "enorm.weight"),
        Norm.of(parameters, prefix + "hnorm.weight"),
        new Linear(parameters.matrix(prefix + "eh_proj.weight", hidden, 2 * hidden)),
        block,
        parameters.has(prefix + "shared_head.norm.weight")
            ? Norm.of(parameters, prefix + "shared_head.norm.weight")
            : Norm.of(parameters, "model.norm.weight"),
        parameters.has(head)
            ? Optional.of(new Linear(parameters.matrix(head, vocab, hidden)))
            : Optional.empty());
  }

  /**
   * (tokens, vocab).
   *
   * @param hidden (tokens, hidden) behind the model's final norm
   * @param table what {@link Graph#ropeTable} returned for this step
   * @param modelsEmbedding for where it has none of its own, as {@code modelsHead}
   */
  Tensor logits(
      Graph graph, Tensor hidden, Tensor table, EmbeddingTable modelsEmbedding, Linear modelsHead) {
    Tensor next = graph.embed(embedding.orElse(modelsEmbedding), true);
    float eps = embeddingNorm.eps();
    Tensor both = graph.rmsNorms(next, embeddingNorm.weight(), hidden, hiddenNorm.weight(), eps);
    Tensor x = projection.applyFinely(graph, both);
    Tensor y = block.attentionNorm().apply(graph, x);
    y = block.mlpNorm().afterAdd(graph, x, block.attention().apply(graph, y, table));
    y = norm.afterAdd(graph, x, block.feedForward().apply(graph, y));
    return head.orElse(modelsHead).applyFinely(graph, y);
  }
}

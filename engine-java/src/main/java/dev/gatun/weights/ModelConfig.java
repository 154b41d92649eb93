// ModelConfig: the numbers of a model's architecture, the same whatever format they were read from.
package dev.gatun.weights;

import java.util.Optional;

/**
 * Checked on opening: all counts positive, {@code heads} a multiple of {@code kvHeads}, activation
 * SiLU, full attention in every layer.
 *
 * @param architecture Hugging Face's model_type: llama, qwen2, qwen3, qwen3_moe
 * @param layers transformer blocks
 * @param hidden width of the residual stream
 * @param heads query heads; the query width is {@code heads * headDim}, which need not be {@code
 *     hidden}
 * @param kvHeads key and value heads
 * @param headDim width of a head, of queries, keys and values alike
 * @param intermediate width of a dense MLP; 0 where a GGUF mixture without dense layers leaves it
 *     out
 * @param vocab rows of the embedding, which may be more than the tokenizer's tokens
 * @param rmsEps epsilon of every RMSNorm
 * @param biases which linears have one
 * @param qkNorm an RMSNorm over each head of queries and keys, before RoPE
 * @param tiedEmbeddings the output projection is the embedding
 * @param contextLength positions the model was made for, extended by YaRN where that is on
 * @param moe present where some layers have routed experts
 */
public record ModelConfig(
    String architecture,
    int layers,
    int hidden,
    int heads,
    int kvHeads,
    int headDim,
    int intermediate,
    int vocab,
    double rmsEps,
    Rope rope,
    Biases biases,
    boolean qkNorm,
    boolean tiedEmbeddings,
    int contextLength,
    Optional<Moe> moe) {

  /** Which linears have a bias: query, key and value; attention output; all three of the MLP. */
  public record Biases(boolean qkv, boolean out, boolean mlp) {}

  /** The same model with its first {@code count} layers only. */
  ModelConfig withLayers(int count) {
    return new ModelConfig(
        architecture,
        count,
        hidden,
        heads,
        kvHeads,
        headDim,
        intermediate,
        vocab,
        rmsEps,
        rope,
        biases,
        qkNorm,
        tiedEmbeddings,
        contextLength,
        moe);
  }

  /** The same model with its positions turned otherwise, and therefore made for another length. */
  ModelConfig withRope(Rope other, int length) {
    return new ModelConfig(
        architecture,
        layers,
        hidden,
        heads,
        kvHeads,
        headDim,
        intermediate,
        vocab,
        rmsEps,
        other,
        biases,
        qkNorm,
        tiedEmbeddings,
        length,
        moe);
  }
}

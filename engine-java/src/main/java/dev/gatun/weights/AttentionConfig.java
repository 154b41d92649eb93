// AttentionConfig: which attention a layer has, and its numbers.
package dev.gatun.weights;

/** The kinds of attention there are. */
public sealed interface AttentionConfig {

  /**
   * Full causal attention whose query heads share key/value heads.
   *
   * @param heads query heads, a multiple of {@code kvHeads}; the query width is {@code heads *
   *     headDim}, which need not be {@code hidden}
   * @param kvHeads key and value heads
   * @param headDim width of a head, of queries, keys and values alike
   * @param qkvBias query, key and value have a bias
   * @param outBias the output projection has one
   * @param qkNorm an RMSNorm over each head of queries and keys, before RoPE
   */
  record Grouped(
      int heads, int kvHeads, int headDim, boolean qkvBias, boolean outBias, boolean qkNorm)
      implements AttentionConfig {}
}

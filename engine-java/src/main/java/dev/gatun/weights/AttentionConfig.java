// AttentionConfig: which attention a layer has, and its numbers.
package dev.gatun.weights;

import java.util.Optional;

/** The kinds of attention there are. */
public sealed interface AttentionConfig {

  /** Query heads. */
  int heads();

  /** Heads of a key in the cache. */
  int kvHeads();

  /** Width of a head in the cache. */
  int headDim();

  /** Leading elements of a cached key that are its value too; 0 where values are kept apart. */
  int latent();

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
      implements AttentionConfig {
    @Override
    public int latent() {
      return 0;
    }
  }

  /**
   * Multi-head latent attention (DeepSeek-V2, arXiv 2405.04434): all heads share one latent and one
   * rotated key a token, from which each has keys and values of its own.
   *
   * @param heads query heads
   * @param queryRank width of the queries' own latent; empty where queries are projected at once
   * @param latent width of the latent that is cached
   * @param nopeDim leading elements of a query head that are not rotated
   * @param ropeDim its other elements, which are
   * @param valueDim width of a head's value
   * @param bias the projections from and to the residual stream have one, but for queries that are
   *     projected at once
   */
  record Latent(
      int heads,
      Optional<Integer> queryRank,
      int latent,
      int nopeDim,
      int ropeDim,
      int valueDim,
      boolean bias)
      implements AttentionConfig {
    @Override
    public int kvHeads() {
      return 1;
    }

    @Override
    public int headDim() {
      return latent + ropeDim;
    }

    /** Width of a query head. */
    public int queryDim() {
      return nopeDim + ropeDim;
    }
  }
}

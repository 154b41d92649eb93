// LatentAttention: multi-head latent attention, absorbed: all heads read one cached latent a token.
package dev.gatun.layer;

import dev.gatun.device.PackedMatrix;
import dev.gatun.device.RopeWeights;
import dev.gatun.graph.Graph;
import dev.gatun.op.Tensor;
import dev.gatun.weights.AttentionConfig;
import dev.gatun.weights.ModelConfig;
import dev.gatun.weights.Parameters;
import dev.gatun.weights.Rope;
import dev.gatun.weights.Scaling;
import java.util.Optional;

/**
 * Source: DeepSeek-V2, arXiv 2405.04434, section 2.1, and transformers, models/deepseek_v3. Keys
 * and values of a head are products of the latent, and here the query and the result are multiplied
 * instead: q' = keys^T q of the elements that do not turn, scores = q' . latent + turned part, and
 * the head's value is values * (sum of probability * latent).
 *
 * @param queryDown to the queries' own latent, and its norm; empty where there is none
 * @param query (heads * queryDim, its input)
 * @param down (latent + ropeDim, hidden)
 * @param keys (heads, latent, nopeDim)
 * @param values (heads, valueDim, latent)
 * @param o (hidden, heads * valueDim)
 * @param cache index of its latents among the caches
 */
public record LatentAttention(
    Optional<LowRank> queryDown,
    Linear query,
    Linear down,
    PackedMatrix keys,
    PackedMatrix values,
    Linear o,
    RopeWeights rope,
    float scale,
    int latent,
    int cache)
    implements Attention {

  /** The first half of a projection through fewer dimensions. */
  public record LowRank(Linear down, Norm norm) {}

  /** Reads {@code prefix}q_a_proj and so on. */
  public static LatentAttention of(
      Parameters parameters, String prefix, AttentionConfig.Latent config, int cache) {
    ModelConfig model = parameters.config();
    int hidden = model.hidden();
    int heads = config.heads();
    int queries = heads * config.queryDim();
    boolean bias = config.bias();
    float eps = (float) model.rmsEps();
    Optional<LowRank> lowRank =
        config
            .queryRank()
            .map(
                rank ->
                    new LowRank(
                        Linear.of(parameters, prefix + "q_a_proj", rank, hidden, bias),
                        new Norm(parameters.vector(prefix + "q_a_layernorm.weight", rank), eps)));
    Linear query =
        config
            .queryRank()
            .map(rank -> parameters.matrix(prefix + "q_b_proj.weight", queries, rank))
            .map(Linear::new)
            .orElseGet(
                () -> new Linear(parameters.matrix(prefix + "q_proj.weight", queries, hidden)));
    String down = prefix + "kv_a_proj_with_mqa";
    return new LatentAttention(
        lowRank,
        query,
        Linear.of(parameters, down, config.headDim(), hidden, bias),
        parameters.experts(prefix + "k_b_proj.weight", heads, config.latent(), config.nopeDim()),
        parameters.experts(prefix + "v_b_proj.weight", heads, config.valueDim(), config.latent()),
        Linear.of(parameters, prefix + "o_proj", hidden, (long) heads * config.valueDim(), bias),
        ropeWeights(parameters, prefix, config),
        scale(config, model.rope().scaling()),
        config.latent(),
        cache);
  }

  private static RopeWeights ropeWeights(
      Parameters parameters, String prefix, AttentionConfig.Latent config) {
    ModelConfig model = parameters.config();
    return new RopeWeights(
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.of(parameters.vector(prefix + "kv_a_layernorm.weight", config.latent())),
        (float) model.rmsEps(),
        config.ropeDim(),
        model.rope().style() == Rope.Style.INTERLEAVED);
  }

  /**
   * 1 / sqrt(queryDim), and with YaRN times mscale^2, mscale = 0.1 * mscale_all_dim * ln(factor) +
   * 1: the family scales scores where others scale cosines and sines.
   */
  static float scale(AttentionConfig.Latent config, Scaling scaling) {
    double mscale = 1;
    if (scaling instanceof Scaling.Yarn yarn && yarn.factor() > 1) {
      mscale = 0.1 * yarn.mscaleAllDim().orElse(0.0) * Math.log(yarn.factor()) + 1;
    }
    return (float) (mscale * mscale / Math.sqrt(config.queryDim()));
  }

  @Override
  public Tensor apply(Graph graph, Tensor x, Tensor table) {
    Tensor input =
        queryDown.map(low -> low.norm().apply(graph, low.down().applyFinely(graph, x))).orElse(x);
    Tensor q = query.applyFinely(graph, input);
    Tensor kv = down.applyFinely(graph, x);
    Tensor absorbed = graph.absorb(keys, rope, table, q, kv, cache);
    Tensor sums = graph.latentAttention(absorbed, cache, keys.experts(), latent, scale);
    return o.apply(graph, graph.headMatMul(values, sums));
  }
}

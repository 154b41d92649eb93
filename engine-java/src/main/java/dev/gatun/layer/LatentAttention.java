// LatentAttention: multi-head latent attention, absorbed: all heads read one cached latent a token.
package dev.gatun.layer;

import dev.gatun.device.PackedMatrix;
import dev.gatun.device.RopeWeights;
import dev.gatun.graph.Graph;
import dev.gatun.op.Tensor;
import dev.gatun.shard.Split;
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
 * @param split of the heads
 * @param down (latent + ropeDim, hidden)
 * @param keys (heads, latent, nopeDim)
 * @param values (heads, valueDim, latent)
 * @param o (hidden, heads * valueDim)
 * @param cache index of its latents among the caches
 */
public record LatentAttention(
    Optional<LowRank> queryDown,
    PackedMatrix query,
    Split split,
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

  /** Reads {@code self_attn.q_a_proj} and so on of a layer. */
  public static LatentAttention of(
      Parameters parameters, int layer, AttentionConfig.Latent config, int cache) {
    String prefix = "model.layers." + layer + ".self_attn.";
    ModelConfig model = parameters.config();
    int hidden = model.hidden();
    int heads = config.heads();
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
    String query = prefix + (lowRank.isPresent() ? "q_b_proj.weight" : "q_proj.weight");
    Split split = parameters.split(layer, heads, config.queryDim(), query);
    String down = prefix + "kv_a_proj_with_mqa";
    String keys = prefix + "k_b_proj.weight";
    String values = prefix + "v_b_proj.weight";
    return new LatentAttention(
        lowRank,
        parameters.matrix(
            query, (long) heads * config.queryDim(), config.queryRank().orElse(hidden), split),
        split,
        Linear.of(parameters, down, config.headDim(), hidden, bias),
        parameters.experts(keys, heads, config.latent(), config.nopeDim(), split),
        parameters.experts(values, heads, config.valueDim(), config.latent(), split),
        Linear.divided(
            parameters, layer, prefix + "o_proj", hidden, (long) heads * config.valueDim(), bias),
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
    Tensor q = graph.fineMatMul(query, input);
    Tensor kv = down.applyFinely(graph, x);
    Tensor absorbed = graph.absorb(keys, rope, table, q, kv, cache);
    Tensor sums = graph.latentAttention(absorbed, table, cache, keys.experts(), latent, scale);
    return o.apply(graph, graph.transfers().gather(graph.headMatMul(values, sums), split));
  }
}

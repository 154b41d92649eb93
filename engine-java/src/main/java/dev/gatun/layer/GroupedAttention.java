// GroupedAttention: causal attention whose query heads share key/value heads.
package dev.gatun.layer;

import dev.gatun.device.PackedMatrix;
import dev.gatun.device.RopeWeights;
import dev.gatun.graph.Graph;
import dev.gatun.op.Qkv;
import dev.gatun.op.Tensor;
import dev.gatun.shard.Split;
import dev.gatun.weights.AttentionConfig;
import dev.gatun.weights.ModelConfig;
import dev.gatun.weights.Parameters;
import dev.gatun.weights.Rope;

/**
 * o(softmax(q . k / sqrt(headDim)) . v) with RoPE on q and k. q (heads * headDim, hidden), k and v
 * (kvHeads * headDim, hidden), o (hidden, heads * headDim); biases and head norms are in {@code
 * rope}.
 *
 * @param split of the key and value heads, and with them of the query heads
 * @param cacheHeads key and value heads on this rank
 * @param cache index of its keys and values among the caches
 */
public record GroupedAttention(
    PackedMatrix q,
    PackedMatrix k,
    PackedMatrix v,
    Split split,
    Linear o,
    RopeWeights rope,
    float scale,
    int cacheHeads,
    int cache)
    implements Attention {

  /** Reads {@code self_attn.q_proj} and so on of a layer. */
  public static GroupedAttention of(
      Parameters parameters, int layer, AttentionConfig.Grouped config, int cache) {
    String prefix = "model.layers." + layer + ".self_attn.";
    int hidden = parameters.config().hidden();
    int queries = config.heads() * config.headDim();
    int keys = config.kvHeads() * config.headDim();
    String q = prefix + "q_proj.weight";
    String k = prefix + "k_proj.weight";
    String v = prefix + "v_proj.weight";
    Split split = parameters.split(layer, config.kvHeads(), config.headDim(), q, k, v);
    return new GroupedAttention(
        parameters.matrix(q, queries, hidden, split),
        parameters.matrix(k, keys, hidden, split),
        parameters.matrix(v, keys, hidden, split),
        split,
        Linear.divided(parameters, layer, prefix + "o_proj", hidden, queries, false),
        ropeWeights(parameters, prefix, config, split),
        (float) (1 / Math.sqrt(config.headDim())),
        split.of(config.kvHeads()),
        cache);
  }

  private static RopeWeights ropeWeights(
      Parameters parameters, String prefix, AttentionConfig.Grouped config, Split split) {
    int headDim = config.headDim();
    int keys = config.kvHeads() * headDim;
    boolean bias = config.qkvBias();
    ModelConfig model = parameters.config();
    return new RopeWeights(
        parameters.vectorIf(bias, prefix + "q_proj.bias", config.heads() * headDim, split),
        parameters.vectorIf(bias, prefix + "k_proj.bias", keys, split),
        parameters.vectorIf(bias, prefix + "v_proj.bias", keys, split),
        parameters.vectorIf(config.qkNorm(), prefix + "q_norm.weight", headDim),
        parameters.vectorIf(config.qkNorm(), prefix + "k_norm.weight", headDim),
        (float) model.rmsEps(),
        model.rope().dim(),
        model.rope().style() == Rope.Style.INTERLEAVED);
  }

  @Override
  public Tensor apply(Graph graph, Tensor x, Tensor table) {
    Qkv.Heads heads = graph.qkv(q, k, v, x);
    graph.ropeStore(rope, table, heads.q(), heads.k(), heads.v(), cache);
    Tensor attended = graph.attention(heads.q(), table, cache, scale);
    return o.apply(graph, graph.transfers().gather(attended, split));
  }
}

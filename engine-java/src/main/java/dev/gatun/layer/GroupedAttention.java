// GroupedAttention: causal attention whose query heads share key/value heads.
package dev.gatun.layer;

import dev.gatun.device.RopeWeights;
import dev.gatun.graph.Graph;
import dev.gatun.op.Qkv;
import dev.gatun.op.Tensor;
import dev.gatun.weights.AttentionConfig;
import dev.gatun.weights.ModelConfig;
import dev.gatun.weights.Parameters;
import dev.gatun.weights.Rope;

/**
 * o(softmax(q . k / sqrt(headDim)) . v) with RoPE on q and k. q (heads * headDim, hidden), k and v
 * (kvHeads * headDim, hidden), o (hidden, heads * headDim); biases and head norms are in {@code
 * rope}.
 *
 * @param cache index of its keys and values among the caches
 */
public record GroupedAttention(
    Linear q, Linear k, Linear v, Linear o, RopeWeights rope, float scale, int cache)
    implements Attention {

  /** Reads {@code prefix}q_proj and so on. */
  public static GroupedAttention of(
      Parameters parameters, String prefix, AttentionConfig.Grouped config, int cache) {
    int hidden = parameters.config().hidden();
    int queries = config.heads() * config.headDim();
    int keys = config.kvHeads() * config.headDim();
    return new GroupedAttention(
        new Linear(parameters.matrix(prefix + "q_proj.weight", queries, hidden)),
        new Linear(parameters.matrix(prefix + "k_proj.weight", keys, hidden)),
        new Linear(parameters.matrix(prefix + "v_proj.weight", keys, hidden)),
        new Linear(parameters.matrix(prefix + "o_proj.weight", hidden, queries)),
        ropeWeights(parameters, prefix, config),
        (float) (1 / Math.sqrt(config.headDim())),
        cache);
  }

  private static RopeWeights ropeWeights(
      Parameters parameters, String prefix, AttentionConfig.Grouped config) {
    int headDim = config.headDim();
    int keys = config.kvHeads() * headDim;
    boolean bias = config.qkvBias();
    ModelConfig model = parameters.config();
    return new RopeWeights(
        parameters.vectorIf(bias, prefix + "q_proj.bias", config.heads() * headDim),
        parameters.vectorIf(bias, prefix + "k_proj.bias", keys),
        parameters.vectorIf(bias, prefix + "v_proj.bias", keys),
        parameters.vectorIf(config.qkNorm(), prefix + "q_norm.weight", headDim),
        parameters.vectorIf(config.qkNorm(), prefix + "k_norm.weight", headDim),
        (float) model.rmsEps(),
        model.rope().dim(),
        model.rope().style() == Rope.Style.INTERLEAVED);
  }

  @Override
  public Tensor apply(Graph graph, Tensor x, Tensor table) {
    Qkv.Heads heads = graph.qkv(q.weight(), k.weight(), v.weight(), x);
    graph.ropeStore(rope, table, heads.q(), heads.k(), heads.v(), cache);
    return o.apply(graph, graph.attention(heads.q(), cache, scale));
  }
}

// ModelConfigTest: layers need not be alike, but for what their caches have in common.
package dev.gatun.weights;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ModelConfigTest {
  private static final AttentionConfig HEADS =
      new AttentionConfig.Grouped(4, 2, 16, false, false, false);
  private static final AttentionConfig OTHER_HEADS =
      new AttentionConfig.Grouped(4, 1, 16, false, false, false);
  private static final AttentionConfig NORMED =
      new AttentionConfig.Grouped(4, 2, 16, true, false, true);
  private static final FeedForwardConfig.Dense DENSE = new FeedForwardConfig.Dense(96, false);
  private static final FeedForwardConfig.Routed ROUTED =
      new FeedForwardConfig.Routed(8, 2, 32, 0, FeedForwardConfig.Router.softmax(true), false);

  private static ModelConfig model(LayerConfig... layers) {
    Rope rope = new Rope(1e4, 16, Rope.Style.HALF_SPLIT, new Scaling.None());
    return new ModelConfig("qwen3_moe", 64, 8, 1e-6, rope, true, 128, List.of(layers));
  }

  @Test
  void eachLayerHasItsOwnTensors() {
    ModelConfig model = model(new LayerConfig(NORMED, DENSE), new LayerConfig(HEADS, ROUTED));
    assertEquals(
        List.of(
            "self_attn.q_proj.bias 64",
            "self_attn.k_proj.bias 32",
            "self_attn.v_proj.bias 32",
            "self_attn.q_norm.weight 16",
            "self_attn.k_norm.weight 16",
            "mlp.gate_proj.weight 6144",
            "mlp.up_proj.weight 6144",
            "mlp.down_proj.weight 6144"),
        differing(model, 0));
    assertEquals(
        List.of(
            "mlp.gate.weight 512",
            "mlp.experts.gate_proj.weight 16384",
            "mlp.experts.up_proj.weight 16384",
            "mlp.experts.down_proj.weight 16384"),
        differing(model, 1));
    assertEquals(2, model.caches());
    assertEquals(Optional.of(ROUTED), model.moe());
    assertEquals(Optional.empty(), model.withLayers(1).moe());
  }

  /** Names and weights of a layer's tensors, without norms of the layer and matrices of heads. */
  private static List<String> differing(ModelConfig model, int layer) {
    String prefix = "model.layers." + layer + ".";
    return TensorShape.of(model).stream()
        .filter(tensor -> tensor.name().startsWith(prefix))
        .map(tensor -> tensor.name().substring(prefix.length()) + " " + tensor.count())
        .filter(text -> !text.matches(".*(layernorm|[qkvo]_proj).weight .*"))
        .toList();
  }

  @Test
  void cachesOfDifferentShapesAreRefused() {
    assertThrows(
        IllegalArgumentException.class,
        () -> model(new LayerConfig(HEADS, DENSE), new LayerConfig(OTHER_HEADS, DENSE)));
  }
}

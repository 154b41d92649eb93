// LatentProjections: a layer's kv_b_proj as the two stacks of matrices that absorbed attention
// multiplies by.
package dev.gatun.weights;

import dev.gatun.device.DType;
import dev.gatun.refusal.Refusal;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Multi-head latent attention has one matrix {@code kv_b_proj} (heads * (nopeDim + valueDim),
 * latent) that makes each head's key and value of a latent. Absorbed, the first rows of a head,
 * transposed, are {@code k_b_proj} (heads, latent, nopeDim), which turns a query into one on
 * latents, and the others {@code v_b_proj} (heads, valueDim, latent), which turns a sum of latents
 * into one of values. GGUF files have the one, the two, or all three.
 */
final class LatentProjections {
  private static final String WHOLE = "kv_b_proj.weight";
  private static final String KEYS = "k_b_proj.weight";
  private static final String VALUES = "v_b_proj.weight";

  private LatentProjections() {}

  /** All weights, with the two stacks in place of each {@code kv_b_proj.weight}. */
  static List<Weight> split(List<Weight> weights, ModelConfig config) {
    Map<String, Weight> split = new LinkedHashMap<>();
    weights.forEach(weight -> split.put(weight.name(), weight));
    for (int layer = 0; layer < config.layers(); layer++) {
      if (config.layer(layer).attention() instanceof AttentionConfig.Latent attention) {
        split(split, "model.layers." + layer + ".self_attn.", attention);
      }
    }
    return List.copyOf(split.values());
  }

  private static void split(
      Map<String, Weight> weights, String prefix, AttentionConfig.Latent config) {
    Weight whole = weights.remove(prefix + WHOLE);
    boolean keys = weights.containsKey(prefix + KEYS);
    boolean values = weights.containsKey(prefix + VALUES);
    if (keys && values) {
      return;
    }
    if (whole == null) {
      String missing = keys ? VALUES : values ? KEYS : WHOLE;
      throw Refusal.model(
          "tensor " + Fields.shown(prefix + missing) + " is missing",
          "download the model again, all its files");
    }
    long rows = (long) config.heads() * (config.nopeDim() + config.valueDim());
    long[] shape = {rows, config.latent()};
    if (!Arrays.equals(whole.shape(), shape)) {
      throw Refusal.model(
          "tensor "
              + Fields.shown(whole.name())
              + " has the shape "
              + Shapes.shown(whole.shape())
              + ", expected "
              + Shapes.shown(shape),
          "the checkpoint is inconsistent; download it again, all its files");
    }
    weights.put(prefix + KEYS, keys(whole, prefix + KEYS, config));
    weights.put(prefix + VALUES, values(whole, prefix + VALUES, config));
  }

  /** Transposing breaks a format's blocks, so what has blocks becomes float32. */
  private static Weight keys(Weight whole, String name, AttentionConfig.Latent config) {
    DType dtype = whole.dtype().isQuantized() ? DType.F32 : whole.dtype();
    List<ByteRange> heads = new ArrayList<>();
    for (int head = 0; head < config.heads(); head++) {
      ByteRange rows = rows(whole, config, head, 0, config.nopeDim());
      heads.add(new TransposedRange(rows, whole.dtype(), dtype, config.nopeDim(), config.latent()));
    }
    long[] shape = {config.heads(), config.latent(), config.nopeDim()};
    return new Weight(name, dtype, shape, heads, Optional.empty());
  }

  private static Weight values(Weight whole, String name, AttentionConfig.Latent config) {
    List<ByteRange> heads =
        IntStream.range(0, config.heads())
            .mapToObj(head -> rows(whole, config, head, config.nopeDim(), config.valueDim()))
            .toList();
    long[] shape = {config.heads(), config.valueDim(), config.latent()};
    return new Weight(name, whole.dtype(), shape, heads, Optional.empty());
  }

  private static ByteRange rows(
      Weight whole, AttentionConfig.Latent config, int head, int first, int count) {
    long rowBytes = whole.dtype().bytes(config.latent());
    long row = (long) head * (config.nopeDim() + config.valueDim()) + first;
    return whole.range().slice(row * rowBytes, count * rowBytes);
  }
}

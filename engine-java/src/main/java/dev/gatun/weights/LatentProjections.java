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
    for (int layer = 0; layer < config.layerConfigs().size(); layer++) {
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
    int cut = config.nopeDim() % SquareWeights.SIDE + config.valueDim() % SquareWeights.SIDE;
    Weight source = whole.dtype() == DType.F8 && cut > 0 ? FloatRange.weight(whole) : whole;
    weights.put(prefix + KEYS, keys(source, prefix + KEYS, config));
    weights.put(prefix + VALUES, values(source, prefix + VALUES, config));
  }

  /**
   * Transposing breaks a format's blocks, so what has blocks becomes float32; but squares of FP8
   * stay squares where a head's rows are whole ones.
   */
  private static Weight keys(Weight whole, String name, AttentionConfig.Latent config) {
    DType from = whole.dtype();
    DType dtype = from.isQuantized() && from != DType.F8 ? DType.F32 : from;
    int nope = config.nopeDim();
    int across = Math.ceilDiv(config.latent(), SquareWeights.SIDE);
    List<ByteRange> heads = new ArrayList<>();
    List<ByteRange> scales = new ArrayList<>();
    for (int head = 0; head < config.heads(); head++) {
      ByteRange rows = rows(whole, config, head, 0, nope);
      heads.add(new TransposedRange(rows, from, dtype, nope, config.latent()));
      if (from == DType.F8) {
        ByteRange squares = scales(whole, config, head, 0, nope);
        int down = nope / SquareWeights.SIDE;
        scales.add(new TransposedRange(squares, DType.F32, DType.F32, down, across));
      }
    }
    long[] shape = {config.heads(), config.latent(), nope};
    return new Weight(name, dtype, shape, heads, group(scales));
  }

  private static Weight values(Weight whole, String name, AttentionConfig.Latent config) {
    List<ByteRange> heads = new ArrayList<>();
    List<ByteRange> scales = new ArrayList<>();
    for (int head = 0; head < config.heads(); head++) {
      heads.add(rows(whole, config, head, config.nopeDim(), config.valueDim()));
      if (whole.dtype() == DType.F8) {
        scales.add(scales(whole, config, head, config.nopeDim(), config.valueDim()));
      }
    }
    long[] shape = {config.heads(), config.valueDim(), config.latent()};
    return new Weight(name, whole.dtype(), shape, heads, group(scales));
  }

  private static Optional<GroupQuant> group(List<ByteRange> scales) {
    return Optional.of(scales).filter(all -> !all.isEmpty()).map(SquareWeights::group);
  }

  /** Of the squares that those rows are made of. */
  private static ByteRange scales(
      Weight whole, AttentionConfig.Latent config, int head, int first, int count) {
    long across = Math.ceilDiv(config.latent(), SquareWeights.SIDE);
    long row = (long) head * (config.nopeDim() + config.valueDim()) + first;
    long rowBytes = across * Float.BYTES;
    ByteRange all = whole.group().orElseThrow().scales().getFirst();
    return all.slice(row / SquareWeights.SIDE * rowBytes, count / SquareWeights.SIDE * rowBytes);
  }

  private static ByteRange rows(
      Weight whole, AttentionConfig.Latent config, int head, int first, int count) {
    long rowBytes = whole.dtype().bytes(config.latent());
    long row = (long) head * (config.nopeDim() + config.valueDim()) + first;
    return whole.range().slice(row * rowBytes, count * rowBytes);
  }
}

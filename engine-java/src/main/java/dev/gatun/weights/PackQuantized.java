// PackQuantized: puts the tensors of an int4 linear of compressed-tensors together into one Weight.
package dev.gatun.weights;

import dev.gatun.device.DType;
import dev.gatun.refusal.Refusal;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * {@code X.weight_packed} int32 (out, in / 8), of each word the lowest 4 bits first, a code less 8
 * times the scale of its group; {@code X.weight_scale} (out, in / group) float16 or bfloat16;
 * {@code X.weight_shape} (2), out and in (source: compressed-tensors,
 * compressors/quantized_compressors/pack_quantized.py). A block of Q4_0 is 32 such weights, so they
 * become that, see {@link PackedRange}.
 */
final class PackQuantized {
  /** Behind a linear's name. */
  static final String CODES = ".weight_packed";

  /** Weights of a block of Q4_0. */
  static final int BLOCK = DType.Q4_0.blockSize();

  private static final int PER_WORD = 8;
  private static final String SCALES = ".weight_scale";
  private static final String SHAPE = ".weight_shape";
  private static final List<String> OTHERS = List.of(".weight_zero_point", ".weight_g_idx");
  private static final String AGAIN = "download the model again, all its files";

  private PackQuantized() {}

  /**
   * All tensors, with one {@code X.weight} in place of the three.
   *
   * @param group weights of a scale, a multiple of {@link #BLOCK}
   */
  static List<Weight> join(Map<String, Weight> tensors, int group) {
    List<Weight> joined = new ArrayList<>();
    boolean found = false;
    for (Weight tensor : tensors.values()) {
      String name = tensor.name();
      if (name.endsWith(CODES)) {
        joined.add(join(tensors, name.substring(0, name.length() - CODES.length()), group));
        found = true;
      } else if (!isPart(name, tensors)) {
        joined.add(tensor);
      }
    }
    if (!found) {
      throw Refusal.model(
          "the configuration says pack-quantized but no tensor is quantised", AGAIN);
    }
    return joined;
  }

  /** Whether it is of a linear that is there. */
  private static boolean isPart(String name, Map<String, Weight> tensors) {
    return List.of(SCALES, SHAPE).stream()
        .filter(name::endsWith)
        .anyMatch(
            part -> tensors.containsKey(name.substring(0, name.length() - part.length()) + CODES));
  }

  private static Weight join(Map<String, Weight> tensors, String linear, int group) {
    for (String other : OTHERS) {
      if (tensors.containsKey(linear + other)) {
        throw Refusal.model(
            "tensor " + Fields.shown(linear + other) + " is there, expected none",
            "choose a model whose weights are symmetric and in their own order");
      }
    }
    if (tensors.containsKey(linear + ".weight")) {
      throw Refusal.model(Fields.shown(linear) + " has both .weight and " + CODES, AGAIN);
    }
    LinearParts parts = new LinearParts(tensors, "llm-compressor or compressed-tensors");
    Weight codes = parts.part(linear + CODES, DType.I32);
    Weight scales = parts.part(linear + SCALES, DType.BF16, DType.F16);
    long[] shape = shape(parts.part(linear + SHAPE, DType.I32));
    if (shape[0] < 1 || shape[1] < 1 || shape[1] % group != 0) {
      throw Refusal.model(
          "tensor "
              + Fields.shown(linear + SHAPE)
              + " holds "
              + Shapes.shown(shape)
              + ", expected rows and columns in groups of "
              + group,
          AGAIN);
    }
    LinearParts.expect(codes, shape[0], shape[1] / PER_WORD);
    LinearParts.expect(scales, shape[0], shape[1] / group);
    String name = linear + ".weight";
    PackedRange blocks =
        new PackedRange(name, codes.range(), scales.range(), scales.dtype(), group);
    return Weight.plain(name, DType.Q4_0, shape, blocks);
  }

  /** Two int32, or two int64 as two int32 each. */
  private static long[] shape(Weight stored) {
    int words = stored.count() == 4 ? 2 : 1;
    if (stored.count() != 2L * words) {
      LinearParts.expect(stored, 2);
    }
    int[] values = Numbers.ints(stored.range());
    boolean small = words == 1 || values[1] == 0 && values[3] == 0;
    return new long[] {small ? values[0] : -1, small ? values[words] : -1};
  }
}

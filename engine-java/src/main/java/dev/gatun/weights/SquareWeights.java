// SquareWeights: puts the two tensors of an FP8 linear together into one Weight.
package dev.gatun.weights;

import dev.gatun.device.DType;
import dev.gatun.refusal.Refusal;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * {@code X.weight} (rows, cols) in float8 and {@code X.weight_scale_inv}, a float32 for each square
 * of {@link #SIDE} rows and columns, the last ones cut off where the matrix ends (source:
 * DeepSeek-V3, README_WEIGHTS.md).
 */
final class SquareWeights {
  static final int SIDE = 128;

  /** Behind a weight's own name. */
  static final String SCALES = "_scale_inv";

  private static final String AGAIN = "download the model again, all its files";

  private SquareWeights() {}

  /** All tensors, with one {@code X.weight} in place of the two. */
  static List<Weight> join(Map<String, Weight> tensors, QuantSettings settings) {
    List<Weight> joined = new ArrayList<>();
    for (Weight tensor : tensors.values()) {
      if (tensor.dtype() == DType.F8) {
        joined.add(join(tensor, tensors.get(tensor.name() + SCALES), settings));
      } else if (tensor.name().endsWith(SCALES)) {
        checkBelongs(tensor.name(), tensors);
      } else {
        joined.add(tensor);
      }
    }
    if (joined.stream().noneMatch(w -> w.dtype() == DType.F8)) {
      throw Refusal.model("the configuration says fp8 but no tensor is quantised", AGAIN);
    }
    return joined;
  }

  private static void checkBelongs(String scales, Map<String, Weight> tensors) {
    String name = scales.substring(0, scales.length() - SCALES.length());
    Weight weight = tensors.get(name);
    if (weight == null || weight.dtype() != DType.F8) {
      throw Refusal.model(
          "tensor "
              + Fields.shown(scales)
              + " scales "
              + Fields.shown(name)
              + ", which is "
              + (weight == null ? "missing" : weight.dtype() + ", expected F8_E4M3"),
          AGAIN);
    }
  }

  private static Weight join(Weight codes, Weight scales, QuantSettings settings) {
    String name = Fields.shown(codes.name());
    if (scales == null) {
      throw Refusal.model(
          "tensor " + Fields.shown(codes.name() + SCALES) + " of " + name + " is missing", AGAIN);
    }
    if (codes.shape().length != 2 || codes.count() == 0) {
      throw Refusal.model(
          "tensor " + name + " is F8_E4M3" + Shapes.shown(codes.shape()) + ", expected a matrix",
          AGAIN);
    }
    check(scales, codes.shape(), settings);
    return new Weight(
        codes.name(), DType.F8, codes.shape(), codes.data(), Optional.of(group(scales.data())));
  }

  /** Of matrices with these scales, a range each. */
  static GroupQuant group(List<ByteRange> scales) {
    return new GroupQuant(SIDE, DType.F32, List.of(), scales, List.of(), false);
  }

  private static void check(Weight scales, long[] matrix, QuantSettings settings) {
    String name = "tensor " + Fields.shown(scales.name());
    if (scales.dtype() != DType.F32) {
      throw Refusal.model(
          name
              + " is "
              + scales.dtype()
              + ", expected F32"
              + (settings.exponentScales() ? ", F8_E8M0 or U8" : ""),
          "choose a model quantised as DeepSeek-V3 is");
    }
    if (scales.range() instanceof ExponentRange && !settings.exponentScales()) {
      throw Refusal.model(
          name + " is a byte a scale, but quantization_config has no scale_fmt 'ue8m0'",
          "download config.json again");
    }
    long[] expected = Arrays.stream(matrix).map(side -> Math.ceilDiv(side, SIDE)).toArray();
    if (!Arrays.equals(scales.shape(), expected)) {
      throw Refusal.model(
          name
              + " has the shape "
              + Shapes.shown(scales.shape())
              + ", expected "
              + Shapes.shown(expected)
              + " of a weight "
              + Shapes.shown(matrix),
          "download the model again; if it stays so, its weight_block_size is not what the"
              + " configuration says");
    }
  }

  /** The float32 scales of a weight, checked. */
  static float[] scales(String weight, byte[] stored) {
    MemorySegment scales = MemorySegment.ofArray(stored);
    check(weight, scales);
    return scales.toArray(ValueLayout.JAVA_FLOAT_UNALIGNED);
  }

  /** A refusal where a float32 scale is not a number, or as great as the contract excludes. */
  static void check(String weight, MemorySegment scales) {
    for (long at = 0; at < scales.byteSize(); at += Float.BYTES) {
      float scale = scales.get(ValueLayout.JAVA_FLOAT_UNALIGNED, at);
      if (!(Math.abs(scale) < 256)) {
        throw Refusal.model(
            "tensor "
                + Fields.shown(weight + SCALES)
                + " holds the scale "
                + scale
                + ", expected a magnitude below 256",
            "the file is damaged: download it again");
      }
    }
  }
}

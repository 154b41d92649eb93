// GroupWeights: puts the tensors of an AWQ or GPTQ linear together into one Weight.
package dev.gatun.weights;

import dev.gatun.device.DType;
import dev.gatun.refusal.Refusal;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Shapes of the parts: see {@link GroupQuant}. */
record GroupWeights(Map<String, Weight> tensors, QuantSettings settings) {
  private static final String CODES = ".qweight";
  private static final List<String> PARTS = List.of(".qzeros", ".scales", ".g_idx");

  /** 4-bit codes in an int32. */
  static final int PER_WORD = 8;

  /**
   * All tensors, with {@code X.weight} in place of X.qweight, X.qzeros, X.scales and X.g_idx, of
   * X.weight and X.weight_scale_inv, or of X.weight_packed, X.weight_scale and X.weight_shape.
   */
  static List<Weight> join(Map<String, Weight> tensors, Optional<QuantSettings> settings) {
    if (settings.isPresent() && settings.get().dtype() == DType.F8) {
      return SquareWeights.join(tensors, settings.get());
    }
    if (settings.isPresent() && settings.get().dtype() == DType.Q4_0) {
      return PackQuantized.join(tensors, settings.get().groupSize());
    }
    List<Weight> joined = new ArrayList<>();
    for (Weight tensor : tensors.values()) {
      String name = tensor.name();
      if (tensor.dtype() == DType.F8) {
        throw unexplained(name);
      } else if (name.endsWith(PackQuantized.CODES)) {
        throw unexplained(name);
      } else if (name.endsWith(CODES)) {
        QuantSettings known = settings.orElseThrow(() -> unexplained(name));
        joined.add(
            new GroupWeights(tensors, known)
                .join(name.substring(0, name.length() - CODES.length())));
      } else if (!isPart(name, tensors)) {
        joined.add(tensor);
      }
    }
    if (settings.isPresent() && joined.stream().noneMatch(w -> w.group().isPresent())) {
      throw Refusal.model(
          "the configuration says " + settings.get().dtype() + " but no tensor is quantised",
          "download the model again, all its files");
    }
    return joined;
  }

  private static Refusal unexplained(String name) {
    return Refusal.model(
        "tensor " + Fields.shown(name) + " is quantised but no quantization_config says how",
        "download config.json or quantize_config.json again");
  }

  private static boolean isPart(String name, Map<String, Weight> tensors) {
    return PARTS.stream()
        .anyMatch(
            part ->
                name.endsWith(part)
                    && tensors.containsKey(
                        name.substring(0, name.length() - part.length()) + CODES));
  }

  private Weight join(String linear) {
    if (tensors.containsKey(linear + ".weight")) {
      throw Refusal.model(
          Fields.shown(linear) + " has both .weight and .qweight",
          "download the model again, all its files");
    }
    Weight codes = part(linear + CODES, DType.I32);
    Weight scales = part(linear + ".scales", DType.F16, DType.BF16);
    boolean awq = settings.dtype() == DType.AWQ;
    axes(codes, 2);
    axes(scales, 2);
    long in = awq ? codes.shape()[0] : codes.shape()[0] * PER_WORD;
    long out = scales.shape()[1];
    long groupSize = settings.groupSize() == -1 ? in : settings.groupSize();
    checkDivides(linear, in, out, groupSize);
    long groups = in / groupSize;
    LinearParts.expect(
        codes, awq ? new long[] {in, out / PER_WORD} : new long[] {in / PER_WORD, out});
    LinearParts.expect(scales, groups, out);
    Weight zeros = part(linear + ".qzeros", DType.I32);
    LinearParts.expect(zeros, groups, out / PER_WORD);
    GroupQuant group =
        new GroupQuant(
            (int) groupSize,
            scales.dtype(),
            zeros.data(),
            scales.data(),
            groupIndex(linear, in, groupSize),
            settings.zerosMinusOne());
    return new Weight(
        linear + ".weight",
        settings.dtype(),
        new long[] {out, in},
        codes.data(),
        Optional.of(group));
  }

  private void checkDivides(String linear, long in, long out, long groupSize) {
    if (in == 0 || in > Limits.VOCAB || out == 0 || out % PER_WORD != 0 || in % groupSize != 0) {
      throw Refusal.model(
          Fields.shown(linear)
              + " is "
              + out
              + " × "
              + in
              + ", which "
              + settings.dtype()
              + " groups of "
              + groupSize
              + " cannot hold",
          "download the model again; if it stays so, the model is not supported");
    }
  }

  /** The group index where it says more than k / groupSize. */
  private List<ByteRange> groupIndex(String linear, long in, long groupSize) {
    String name = linear + ".g_idx";
    if (settings.dtype() == DType.AWQ || !tensors.containsKey(name)) {
      return List.of();
    }
    Weight index = part(name, DType.I32);
    LinearParts.expect(index, in);
    int[] groups = Numbers.ints(index.range());
    boolean plain = true;
    for (int k = 0; k < groups.length; k++) {
      if (groups[k] < 0 || groups[k] >= in / groupSize) {
        throw Refusal.model(
            "tensor " + Fields.shown(name) + " names group " + groups[k] + " of " + in / groupSize,
            "the file is damaged: download it again");
      }
      plain &= groups[k] == k / groupSize;
    }
    return plain ? List.of() : index.data();
  }

  private Weight part(String name, DType... types) {
    return new LinearParts(tensors, "AutoAWQ or AutoGPTQ").part(name, types);
  }

  private static void axes(Weight tensor, int axes) {
    if (tensor.shape().length != axes) {
      LinearParts.expect(tensor, new long[axes]);
    }
  }
}

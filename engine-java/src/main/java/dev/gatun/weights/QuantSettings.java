// QuantSettings: how a folder's weights were quantised, as its configuration says.
package dev.gatun.weights;

import dev.gatun.device.DType;
import java.util.List;
import java.util.Optional;

/**
 * Keys: transformers' AwqConfig, GPTQConfig, FineGrainedFP8Config and CompressedTensorsConfig
 * (utils/quantization_config.py), and of the last QuantizationArgs of compressed-tensors
 * (quantization/quant_args.py).
 *
 * @param dtype AWQ, GPTQ, F8, or Q4_0, which {@link PackQuantized} makes of its format
 * @param groupSize −1 where a whole column is one group
 * @param zerosMinusOne see {@link GroupQuant}
 * @param exponentScales scales may be bytes, see {@link ExponentRange}
 */
record QuantSettings(DType dtype, int groupSize, boolean zerosMinusOne, boolean exponentScales) {

  /**
   * From quantization_config, or from AutoGPTQ's own quantize_config.json, which says no
   * quant_method.
   */
  static QuantSettings read(Fields fields, boolean autoGptq) {
    String method =
        fields
            .text("quant_method")
            .or(() -> Optional.of("gptq").filter(m -> autoGptq))
            .orElseThrow(() -> fields.missing("quant_method"));
    return switch (method) {
      case "awq" -> awq(fields);
      case "gptq" -> gptq(fields);
      case "fp8" -> fp8(fields);
      case "compressed-tensors" -> packQuantized(fields);
      default ->
          throw fields.unsupported("quant_method", method, "awq, gptq, fp8, compressed-tensors");
    };
  }

  private static QuantSettings awq(Fields fields) {
    String version = fields.text("version").orElse("gemm");
    if (!version.equalsIgnoreCase("gemm")) {
      throw fields.unsupported("version", version, "gemm");
    }
    if (!fields.flag("zero_point").orElse(true)) {
      throw fields.unsupported("zero_point", false, "true");
    }
    return new QuantSettings(DType.AWQ, groupSize(fields), false, false);
  }

  private static QuantSettings gptq(Fields fields) {
    String format = fields.text("checkpoint_format").orElse("gptq");
    if (!format.equals("gptq") && !format.equals("gptq_v2")) {
      throw fields.unsupported("checkpoint_format", format, "gptq, gptq_v2");
    }
    // GPTQModel's settings for single modules.
    if (fields.object("dynamic").filter(d -> !d.values().isEmpty()).isPresent()) {
      throw fields.unsupported(
          "dynamic", fields.values().get("dynamic"), "the same settings for all modules");
    }
    return new QuantSettings(DType.GPTQ, groupSize(fields), format.equals("gptq"), false);
  }

  private static QuantSettings fp8(Fields fields) {
    expect(fields, "fmt", "e4m3");
    expect(fields, "activation_scheme", "dynamic");
    List<Integer> square = fields.integers("weight_block_size", 1, Limits.WIDTH);
    if (!square.equals(List.of(SquareWeights.SIDE, SquareWeights.SIDE))) {
      throw fields.unsupported(
          "weight_block_size",
          square.isEmpty() ? null : square.toString(),
          List.of(SquareWeights.SIDE, SquareWeights.SIDE).toString());
    }
    boolean exponents = fields.has("scale_fmt");
    expect(fields, "scale_fmt", "ue8m0");
    return new QuantSettings(DType.F8, SquareWeights.SIDE, false, exponents);
  }

  /** Which linears are quantised, their tensors say, and not {@code targets} and {@code ignore}. */
  private static QuantSettings packQuantized(Fields fields) {
    String format = fields.text("format").orElseThrow(() -> fields.missing("format"));
    if (!format.equals("pack-quantized")) {
      throw fields.unsupported("format", format, "pack-quantized");
    }
    Fields groups =
        fields.object("config_groups").orElseThrow(() -> fields.missing("config_groups"));
    List<Integer> sizes =
        groups.values().keySet().stream()
            .map(name -> packedGroup(groups.object(name).orElseThrow(() -> groups.missing(name))))
            .distinct()
            .toList();
    if (sizes.size() != 1) {
      throw fields.unsupported("config_groups", sizes.toString(), "one group_size");
    }
    return new QuantSettings(DType.Q4_0, sizes.getFirst(), false, false);
  }

  /** Weights a scale. */
  private static int packedGroup(Fields group) {
    if (group.has("input_activations")) {
      throw group.unsupported(
          "input_activations", group.values().get("input_activations"), "null: weights alone");
    }
    Fields weights = group.object("weights").orElseThrow(() -> group.missing("weights"));
    expect(weights, "type", "int");
    expect(weights, "strategy", "group");
    if (!weights.flag("symmetric").orElse(true)) {
      throw weights.unsupported("symmetric", false, "true");
    }
    if (weights.has("actorder")) {
      throw weights.unsupported("actorder", weights.values().get("actorder"), "null");
    }
    int bits = weights.requiredInteger("num_bits", 1, 32);
    if (bits != 4) {
      throw weights.unsupported("num_bits", bits, "4");
    }
    int size = weights.requiredInteger("group_size", 1, Limits.WIDTH);
    if (size % PackQuantized.BLOCK != 0) {
      throw weights.unsupported("group_size", size, "multiples of " + PackQuantized.BLOCK);
    }
    return size;
  }

  /** That the key has this value, or is absent. */
  private static void expect(Fields fields, String key, String value) {
    String found = fields.text(key).orElse(value);
    if (!found.equals(value)) {
      throw fields.unsupported(key, found, value);
    }
  }

  private static int groupSize(Fields fields) {
    int bits = fields.requiredInteger("bits", 1, 32);
    if (bits != 4) {
      throw fields.unsupported("bits", bits, "4");
    }
    int groupSize = fields.requiredInteger("group_size", -1, Limits.WIDTH);
    if (groupSize == 0) {
      throw fields.wrong("group_size", groupSize, "-1 or a positive number");
    }
    return groupSize;
  }
}

// QuantSettings: how a folder's 4-bit weights were quantised, as its configuration says.
package dev.gatun.weights;

import dev.gatun.device.DType;
import java.util.Optional;

/**
 * Keys: transformers' AwqConfig and GPTQConfig (utils/quantization_config.py).
 *
 * @param dtype AWQ or GPTQ
 * @param groupSize −1 where a whole column is one group
 * @param zerosMinusOne see {@link GroupQuant}
 */
record QuantSettings(DType dtype, int groupSize, boolean zerosMinusOne) {

  /** From quantization_config, or from AutoGPTQ's own quantize_config.json, which says no quant_method. */
  static QuantSettings read(Fields fields, boolean autoGptq) {
    String method =
        fields
            .text("quant_method")
            .or(() -> Optional.of("gptq").filter(m -> autoGptq))
            .orElseThrow(() -> fields.missing("quant_method"));
    return switch (method) {
      case "awq" -> awq(fields);
      case "gptq" -> gptq(fields);
      default -> throw fields.unsupported("quant_method", method, "awq, gptq");
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
    return new QuantSettings(DType.AWQ, groupSize(fields), false);
  }

  private static QuantSettings gptq(Fields fields) {
    String format = fields.text("checkpoint_format").orElse("gptq");
    if (!format.equals("gptq") && !format.equals("gptq_v2")) {
      throw fields.unsupported("checkpoint_format", format, "gptq, gptq_v2");
    }
    // GPTQModel's settings for single modules.
    if (fields.object("dynamic").filter(d -> !d.values().isEmpty()).isPresent()) {
      throw fields.unsupported("dynamic", fields.values().get("dynamic"), "the same settings for all modules");
    }
    return new QuantSettings(DType.GPTQ, groupSize(fields), format.equals("gptq"));
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

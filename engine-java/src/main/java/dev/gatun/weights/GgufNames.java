// GgufNames: what Hugging Face calls GGUF's tensors and architectures, and the names of GGUF's
// other types.
package dev.gatun.weights;

import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Source of the names: gguf/constants.py (TENSOR_NAMES, GGMLQuantizationType) and
 * gguf/tensor_mapping.py.
 */
final class GgufNames {
  /** general.architecture to model_type. */
  static final Map<String, String> ARCHITECTURES =
      Map.of(
          "llama", "llama",
          "qwen2", "qwen2",
          "qwen3", "qwen3",
          "qwen3moe", "qwen3_moe",
          "deepseek2", "deepseek_v3");

  private static final Pattern LAYER = Pattern.compile("blk\\.(\\d{1,6})\\.");

  private static final Pattern BLOCK =
      Pattern.compile("blk\\.(\\d{1,6})\\.((?:nextn\\.)?\\w+)\\.(weight|bias)");

  private static final Map<String, String> OUTSIDE =
      Map.of(
          "token_embd.weight", "model.embed_tokens.weight",
          "output_norm.weight", "model.norm.weight",
          "output.weight", "lm_head.weight");

  private static final Map<String, String> INSIDE =
      Map.ofEntries(
          Map.entry("attn_norm", "input_layernorm"),
          Map.entry("attn_q", "self_attn.q_proj"),
          Map.entry("attn_k", "self_attn.k_proj"),
          Map.entry("attn_v", "self_attn.v_proj"),
          Map.entry("attn_q_norm", "self_attn.q_norm"),
          Map.entry("attn_k_norm", "self_attn.k_norm"),
          Map.entry("attn_output", "self_attn.o_proj"),
          Map.entry("ffn_norm", "post_attention_layernorm"),
          Map.entry("ffn_gate", "mlp.gate_proj"),
          Map.entry("ffn_up", "mlp.up_proj"),
          Map.entry("ffn_down", "mlp.down_proj"),
          Map.entry("ffn_gate_inp", "mlp.gate"),
          Map.entry("ffn_gate_exps", "mlp.experts.gate_proj"),
          Map.entry("ffn_up_exps", "mlp.experts.up_proj"),
          Map.entry("ffn_down_exps", "mlp.experts.down_proj"),
          Map.entry("attn_q_a", "self_attn.q_a_proj"),
          Map.entry("attn_q_a_norm", "self_attn.q_a_layernorm"),
          Map.entry("attn_q_b", "self_attn.q_b_proj"),
          Map.entry("attn_kv_a_mqa", "self_attn.kv_a_proj_with_mqa"),
          Map.entry("attn_kv_a_norm", "self_attn.kv_a_layernorm"),
          Map.entry("attn_kv_b", "self_attn.kv_b_proj"),
          Map.entry("attn_k_b", "self_attn.k_b_proj"),
          Map.entry("attn_v_b", "self_attn.v_b_proj"),
          Map.entry("ffn_gate_shexp", "mlp.shared_experts.gate_proj"),
          Map.entry("ffn_up_shexp", "mlp.shared_experts.up_proj"),
          Map.entry("ffn_down_shexp", "mlp.shared_experts.down_proj"));

  /** Of the layer of multi-token prediction, besides what every layer has. */
  private static final Map<String, String> MTP =
      Map.of(
          "nextn.embed_tokens", "embed_tokens",
          "nextn.enorm", "enorm",
          "nextn.hnorm", "hnorm",
          "nextn.eh_proj", "eh_proj",
          "nextn.shared_head_norm", "shared_head.norm",
          "nextn.shared_head_head", "shared_head.head");

  /** GGUF says {@code exp_probs_b.bias}, where Hugging Face has no suffix. */
  private static final String CHOICE_BIAS = "mlp.gate.e_score_correction_bias";

  private static final Map<Integer, String> OTHER_TYPES =
      Map.ofEntries(
          Map.entry(9, "Q8_1"),
          Map.entry(15, "Q8_K"),
          Map.entry(16, "IQ2_XXS"),
          Map.entry(17, "IQ2_XS"),
          Map.entry(18, "IQ3_XXS"),
          Map.entry(19, "IQ1_S"),
          Map.entry(21, "IQ3_S"),
          Map.entry(22, "IQ2_S"),
          Map.entry(24, "I8"),
          Map.entry(25, "I16"),
          Map.entry(27, "I64"),
          Map.entry(28, "F64"),
          Map.entry(29, "IQ1_M"),
          Map.entry(34, "TQ1_0"),
          Map.entry(35, "TQ2_0"),
          Map.entry(39, "MXFP4"));

  private GgufNames() {}

  /**
   * Hugging Face's name of a tensor in a model of {@code layers}; empty where none of its tensors
   * is called so.
   *
   * @param mtp whether a layer of multi-token prediction is behind them
   */
  static Optional<String> huggingFace(String name, int layers, boolean mtp) {
    Matcher block = BLOCK.matcher(name);
    if (!block.matches()) {
      return Optional.ofNullable(OUTSIDE.get(name));
    }
    int layer = Integer.parseInt(block.group(1));
    boolean isMtp = mtp && layer == layers;
    if (layer >= layers && !isMtp) {
      return Optional.empty();
    }
    Optional<String> inside =
        block.group(2).equals("exp_probs_b")
            ? Optional.of(CHOICE_BIAS)
            : Optional.ofNullable(INSIDE.get(block.group(2)))
                .or(() -> Optional.ofNullable(MTP.get(block.group(2))).filter(n -> isMtp))
                .map(n -> n + "." + block.group(3));
    return inside.map(tensor -> "model.layers." + layer + "." + tensor);
  }

  /**
   * Whether a tensor is of the layers of multi-token prediction, which follow the model's own
   * {@code layers}.
   */
  static boolean isOfMtp(String name, int layers, Fields fields) {
    Matcher block = LAYER.matcher(name);
    return block.lookingAt()
        && Integer.parseInt(block.group(1)) >= layers
        && Integer.parseInt(block.group(1)) < layers + mtpLayers(fields);
  }

  /** Layers of multi-token prediction at the end of the file. */
  static int mtpLayers(Fields fields) {
    return fields
        .text("general.architecture")
        .flatMap(arch -> fields.integer(arch + ".nextn_predict_layers", 0, Limits.LAYERS))
        .orElse(0);
  }

  /** A type that is not supported, by name where it has one. */
  static String type(int id) {
    return OTHER_TYPES.getOrDefault(id, "number " + Integer.toUnsignedString(id));
  }
}

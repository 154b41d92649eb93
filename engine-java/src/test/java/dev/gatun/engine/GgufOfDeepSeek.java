// GgufOfDeepSeek: the oracles' folder of DeepSeek-V3 as a GGUF file of the same numbers.
package dev.gatun.engine;

import dev.gatun.device.DType;
import dev.gatun.verify.Oracle;
import dev.gatun.weights.GgufWriter;
import java.io.ByteArrayOutputStream;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** With kv_b alone and experts stacked, as llama.cpp's converter writes them. */
final class GgufOfDeepSeek {
  private static final Pattern LAYER =
      Pattern.compile("model\\.layers\\.(\\d+)\\.(.*?)(\\.weight|\\.bias)?");
  private static final Pattern EXPERT = Pattern.compile("mlp\\.experts\\.(\\d+)\\.(\\w+)_proj");
  private static final Map<String, String> OUTSIDE =
      Map.of(
          "model.embed_tokens.weight", "token_embd.weight",
          "model.norm.weight", "output_norm.weight",
          "lm_head.weight", "output.weight");
  private static final Map<String, String> INSIDE =
      Map.ofEntries(
          Map.entry("input_layernorm", "attn_norm"),
          Map.entry("post_attention_layernorm", "ffn_norm"),
          Map.entry("self_attn.q_a_proj", "attn_q_a"),
          Map.entry("self_attn.q_a_layernorm", "attn_q_a_norm"),
          Map.entry("self_attn.q_b_proj", "attn_q_b"),
          Map.entry("self_attn.kv_a_proj_with_mqa", "attn_kv_a_mqa"),
          Map.entry("self_attn.kv_a_layernorm", "attn_kv_a_norm"),
          Map.entry("self_attn.kv_b_proj", "attn_kv_b"),
          Map.entry("self_attn.o_proj", "attn_output"),
          Map.entry("mlp.gate_proj", "ffn_gate"),
          Map.entry("mlp.up_proj", "ffn_up"),
          Map.entry("mlp.down_proj", "ffn_down"),
          Map.entry("mlp.gate", "ffn_gate_inp"),
          Map.entry("mlp.shared_experts.gate_proj", "ffn_gate_shexp"),
          Map.entry("mlp.shared_experts.up_proj", "ffn_up_shexp"),
          Map.entry("mlp.shared_experts.down_proj", "ffn_down_shexp"),
          Map.entry("eh_proj", "nextn.eh_proj"),
          Map.entry("enorm", "nextn.enorm"),
          Map.entry("hnorm", "nextn.hnorm"),
          Map.entry("embed_tokens", "nextn.embed_tokens"),
          Map.entry("shared_head.norm", "nextn.shared_head_norm"),
          Map.entry("shared_head.head", "nextn.shared_head_head"));

  private GgufOfDeepSeek() {}

  /**
   * @param layers with that of multi-token prediction
   */
  static GgufWriter write(Map<String, Oracle.Stored> tensors, int layers) {
    GgufWriter file = header(layers);
    Map<String, Map<Integer, Oracle.Stored>> experts = new TreeMap<>();
    tensors.forEach(
        (name, tensor) -> {
          Matcher layer = LAYER.matcher(name);
          if (!layer.matches()) {
            tensor(file, OUTSIDE.get(name), tensor);
            return;
          }
          String block = "blk." + layer.group(1) + ".";
          Matcher expert = EXPERT.matcher(layer.group(2));
          if (expert.matches()) {
            experts
                .computeIfAbsent(
                    block + "ffn_" + expert.group(2) + "_exps.weight", _ -> new TreeMap<>())
                .put(Integer.parseInt(expert.group(1)), tensor);
          } else if (name.endsWith("e_score_correction_bias")) {
            tensor(file, block + "exp_probs_b.bias", tensor);
          } else {
            tensor(file, block + INSIDE.get(layer.group(2)) + layer.group(3), tensor);
          }
        });
    experts.forEach((name, each) -> tensor(file, name, stacked(each)));
    return file;
  }

  private static Oracle.Stored stacked(Map<Integer, Oracle.Stored> experts) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    experts.values().forEach(each -> all.writeBytes(each.bytes()));
    Oracle.Stored first = experts.get(0);
    long[] shape = {experts.size(), first.shape()[0], first.shape()[1]};
    return new Oracle.Stored(first.dtype(), shape, all.toByteArray());
  }

  private static void tensor(GgufWriter file, String name, Oracle.Stored tensor) {
    file.tensor(name, DType.valueOf(tensor.dtype()), tensor.bytes(), tensor.shape());
  }

  private static GgufWriter header(int layers) {
    return new GgufWriter()
        .put("general.architecture", "deepseek2")
        .put("deepseek2.block_count", layers)
        .put("deepseek2.nextn_predict_layers", 1)
        .put("deepseek2.context_length", 256)
        .put("deepseek2.embedding_length", 160)
        .put("deepseek2.feed_forward_length", 224)
        .put("deepseek2.leading_dense_block_count", 1)
        .put("deepseek2.attention.head_count", 4)
        .put("deepseek2.attention.head_count_kv", 4)
        .put("deepseek2.attention.layer_norm_rms_epsilon", 1e-6f)
        .put("deepseek2.attention.q_lora_rank", 96)
        .put("deepseek2.attention.kv_lora_rank", 64)
        .put("deepseek2.attention.key_length", 48)
        .put("deepseek2.attention.value_length", 32)
        .put("deepseek2.expert_count", 16)
        .put("deepseek2.expert_used_count", 4)
        .put("deepseek2.expert_shared_count", 1)
        .put("deepseek2.expert_feed_forward_length", 96)
        .put("deepseek2.expert_weights_scale", 2.5f)
        .put("deepseek2.expert_weights_norm", true)
        .put("deepseek2.expert_gating_func", 2)
        .put("deepseek2.expert_group_count", 4)
        .put("deepseek2.expert_group_used_count", 2)
        .put("deepseek2.rope.dimension_count", 16)
        .put("deepseek2.rope.freq_base", 10_000f)
        .put("deepseek2.rope.scaling.type", "yarn")
        .put("deepseek2.rope.scaling.factor", 4f)
        .put("deepseek2.rope.scaling.original_context_length", 32)
        .put("deepseek2.rope.scaling.yarn_log_multiplier", 0.1f);
  }
}

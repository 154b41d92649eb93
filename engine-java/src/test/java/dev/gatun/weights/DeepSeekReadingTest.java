// DeepSeekReadingTest: what is read of DeepSeek-V3's architecture in both formats, and what is
// refused.
package dev.gatun.weights;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.device.DType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DeepSeekReadingTest {
  private static final String HF =
      """
      {"model_type": "deepseek_v3", "hidden_act": "silu", "num_hidden_layers": 3, "hidden_size": 64,
       "num_attention_heads": 2, "num_key_value_heads": 2, "intermediate_size": 96, "vocab_size": 8,
       "rms_norm_eps": 1e-06, "max_position_embeddings": 128, "q_lora_rank": 48, "kv_lora_rank": 32,
       "qk_nope_head_dim": 16, "qk_rope_head_dim": 16, "v_head_dim": 24, "first_k_dense_replace": 1,
       "n_routed_experts": 16, "n_shared_experts": 2, "num_experts_per_tok": 4,
       "moe_intermediate_size": 32, "n_group": 4, "topk_group": 2, "norm_topk_prob": true,
       "routed_scaling_factor": 2.5, "scoring_func": "sigmoid", "topk_method": "noaux_tc",
       "rope_theta": 10000, "rope_scaling": {"type": "yarn", "factor": 40, "mscale": 1.0,
       "mscale_all_dim": 1.0, "original_max_position_embeddings": 4096}}
      """;

  private static ModelConfig read(String json) {
    return FolderConfig.read(
        JsonFields.object(json.getBytes(StandardCharsets.UTF_8), "'config.json'"));
  }

  private static ModelConfig readWith(String from, String to) {
    assertTrue(HF.contains(from), from);
    return read(HF.replace(from, to));
  }

  @Test
  void readsAFoldersConfiguration() {
    ModelConfig config = read(HF);
    AttentionConfig.Latent attention =
        new AttentionConfig.Latent(2, Optional.of(48), 32, 16, 16, 24, false);
    FeedForwardConfig.Router router =
        new FeedForwardConfig.Router(FeedForwardConfig.Scoring.SIGMOID, true, 4, 2, true, 2.5);
    assertEquals(
        List.of(
            new LayerConfig(attention, new FeedForwardConfig.Dense(96, false)),
            new LayerConfig(attention, new FeedForwardConfig.Routed(16, 4, 32, 64, router, false))),
        config.layerConfigs().subList(0, 2));
    assertEquals(config.layer(1), config.layer(2));
    assertEquals(List.of(1, 48, 32), List.of(config.kvHeads(), config.headDim(), config.latent()));
    assertEquals(Rope.Style.INTERLEAVED, config.rope().style());
    assertEquals(16, config.rope().dim());
  }

  @Test
  void knowsItsDefaults() {
    FeedForwardConfig.Routed routed =
        readWith("\"n_group\": 4, \"topk_group\": 2, ", "").moe().orElseThrow();
    assertEquals(8, routed.router().groups());
    assertEquals(4, routed.router().chosenGroups());
    ModelConfig plain = readWith("\"q_lora_rank\": 48", "\"q_lora_rank\": null");
    AttentionConfig.Latent latent = (AttentionConfig.Latent) plain.layer(0).attention();
    assertEquals(Optional.empty(), latent.queryRank());
    assertEquals("deepseek_v3", readWith("deepseek_v3", "kimi_k2").architecture());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "\"n_group\": 4|\"n_group\": 3|16 experts do not divide into 3 groups",
        "\"topk_group\": 2|\"topk_group\": 5|5 groups a token of only 4",
        "\"num_experts_per_tok\": 4|\"num_experts_per_tok\": 9|9 experts a token of only 8",
        "\"num_experts_per_tok\": 4|\"num_experts_per_tok\": 99|99 experts a token of only 8",
        "\"qk_rope_head_dim\": 16|\"qk_rope_head_dim\": 15|an odd number",
        "\"kv_lora_rank\": 32, |''|kv_lora_rank",
        "noaux_tc|greedy|topk_method",
        "sigmoid|softmax|scoring_func",
      })
  void refusesContradictions(String from, String to, String words) {
    Refusals.expect(() -> readWith(from, to), words);
  }

  /** A block of attention alone, in one of the three dialects of its second projections. */
  private static GgufWriter gguf(boolean whole, boolean keys, boolean values) {
    GgufWriter file =
        TinyModels.header("deepseek2", 1)
            .put("deepseek2.leading_dense_block_count", 1)
            .put("deepseek2.attention.q_lora_rank", 32)
            .put("deepseek2.attention.kv_lora_rank", 32)
            .put("deepseek2.attention.key_length", keys ? 48 : 32)
            .put("deepseek2.attention.value_length", keys ? 32 : 64)
            .put("deepseek2.rope.dimension_count", 16)
            .tensor("token_embd.weight", DType.F32, 8, 64);
    if (keys) {
      file.put("deepseek2.attention.key_length_mla", 32)
          .put("deepseek2.attention.value_length_mla", 64)
          .tensor("blk.0.attn_k_b.weight", DType.F32, 2, 32, 16);
    }
    if (values) {
      file.tensor("blk.0.attn_v_b.weight", DType.F32, 2, 64, 32);
    }
    if (whole) {
      file.tensor("blk.0.attn_kv_b.weight", DType.F32, 2 * (16 + 64), 32);
    }
    return file;
  }

  private static OpenCheckpoint.Content content(GgufWriter file) {
    ByteRange bytes = ByteRange.of(MemorySegment.ofArray(file.bytes()));
    List<GgufFile> parts = List.of(GgufFile.parse(bytes, "'x'"));
    return GgufCheckpoint.content(parts, false, "x", bytes.bytes());
  }

  private static Weight weight(OpenCheckpoint.Content content, String name) {
    String full = "model.layers.0.self_attn." + name + ".weight";
    return content.weights().stream().filter(w -> w.name().equals(full)).findFirst().orElseThrow();
  }

  @ParameterizedTest
  @CsvSource({"true,false,false", "false,true,true", "true,true,true"})
  void readsThreeDialects(boolean whole, boolean keys, boolean values) {
    OpenCheckpoint.Content content = content(gguf(whole, keys, values));
    AttentionConfig.Latent attention =
        new AttentionConfig.Latent(2, Optional.of(32), 32, 16, 16, 64, false);
    assertEquals(attention, content.config().layer(0).attention());
    assertArrayEquals(new long[] {2, 32, 16}, weight(content, "k_b_proj").shape());
    assertArrayEquals(new long[] {2, 64, 32}, weight(content, "v_b_proj").shape());
    assertFalse(content.weights().stream().anyMatch(w -> w.name().contains("kv_b_proj")));
  }

  @Test
  void splitsAHeadsKeysAndValues() {
    OpenCheckpoint.Content content = content(gguf(true, false, false));
    float[] whole =
        floats(ByteRange.of(MemorySegment.ofArray(GgufWriter.counting(2 * 80 * 32 * 4))));
    Weight keys = weight(content, "k_b_proj");
    Weight values = weight(content, "v_b_proj");
    for (int head = 0; head < 2; head++) {
      float[] k = floats(keys.data().get(head));
      float[] v = floats(values.data().get(head));
      for (int latent = 0; latent < 32; latent++) {
        for (int i = 0; i < 16; i++) {
          same(whole[(head * 80 + i) * 32 + latent], k[latent * 16 + i]);
        }
        for (int i = 0; i < 64; i++) {
          same(whole[(head * 80 + 16 + i) * 32 + latent], v[i * 32 + latent]);
        }
      }
    }
    // A part of the transpose is that part of it.
    float[] all = floats(keys.data().getFirst());
    float[] part = floats(keys.data().getFirst().slice(40, 400));
    for (int i = 0; i < part.length; i++) {
      same(all[10 + i], part[i]);
    }
  }

  private static void same(float expected, float actual) {
    assertEquals(Float.floatToRawIntBits(expected), Float.floatToRawIntBits(actual));
  }

  private static float[] floats(ByteRange range) {
    return MemorySegment.ofArray(range.toArray()).toArray(ValueLayout.JAVA_FLOAT_UNALIGNED);
  }

  // FP8 whose squares no head cuts stays FP8; else it is written out in float32.
  @ParameterizedTest
  @CsvSource({"128, F8", "96, F32"})
  void splitsFp8(int nope, DType type) {
    ModelConfig config =
        read(
            HF.replace("\"kv_lora_rank\": 32", "\"kv_lora_rank\": 160")
                .replace("\"qk_nope_head_dim\": 16", "\"qk_nope_head_dim\": " + nope)
                .replace("\"v_head_dim\": 24", "\"v_head_dim\": 128"));
    int rows = 2 * (nope + 128);
    List<Weight> whole = new ArrayList<>();
    for (int layer = 0; layer < 3; layer++) {
      byte[] codes = GgufWriter.counting(rows * 160);
      int squares = 2 * Math.ceilDiv(rows, 128);
      byte[] scales =
          GgufWriter.bytes(
              4 * squares, b -> IntStream.range(1, squares + 1).forEach(i -> b.putFloat(i)));
      GroupQuant group =
          new GroupQuant(128, DType.F32, List.of(), List.of(memory(scales)), List.of(), false);
      whole.add(
          new Weight(
              "model.layers." + layer + ".self_attn.kv_b_proj.weight",
              DType.F8,
              new long[] {rows, 160},
              List.of(memory(codes)),
              Optional.of(group)));
    }
    float[] all = floats(FloatRange.of(whole.get(2), 0, 0, rows));
    for (Weight weight : LatentProjections.split(whole, config)) {
      assertEquals(type, weight.dtype());
      boolean keys = weight.name().contains("k_b_proj");
      Weight written = type == DType.F8 ? FloatRange.weight(weight) : weight;
      for (int head = 0; head < 2; head++) {
        float[] split = floats(written.data().get(head));
        int first = head * (nope + 128);
        for (int i = 0; i < split.length; i++) {
          int at = keys ? (first + i % nope) * 160 + i / nope : (first + nope) * 160 + i;
          assertEquals(all[at], split[i], weight.name() + " " + i);
        }
      }
    }
  }

  private static ByteRange memory(byte[] bytes) {
    return ByteRange.of(MemorySegment.ofArray(bytes));
  }

  @Test
  void refusesHalfOfASplit() {
    Refusals.expect(() -> content(gguf(false, true, false)), "v_b_proj", "missing");
    Refusals.expect(() -> content(gguf(false, false, true)), "k_b_proj", "missing");
    Refusals.expect(() -> content(gguf(false, false, false)), "kv_b_proj", "missing");
  }

  @Test
  void givesOldFilesOf256ExpertsTheirGroups() {
    assertEquals(8, groups(experts(256, 2)));
    assertTrue(assumption(experts(256, 2)).orElseThrow().contains("taken are 8"));
    assertEquals(1, groups(experts(128, 2)));
    assertEquals(1, groups(experts(256, 1)));
    assertEquals(Optional.empty(), assumption(experts(128, 2)));
    GgufWriter says = experts(256, 2).put("deepseek2.expert_group_count", 4);
    assertEquals(4, groups(says));
    assertEquals(Optional.empty(), assumption(says));
  }

  private static GgufWriter experts(int experts, int gating) {
    return gguf(true, false, false)
        .put("deepseek2.leading_dense_block_count", 0)
        .put("deepseek2.expert_count", experts)
        .put("deepseek2.expert_used_count", 4)
        .put("deepseek2.expert_feed_forward_length", 32)
        .put("deepseek2.expert_gating_func", gating);
  }

  private static int groups(GgufWriter file) {
    return content(file).config().moe().orElseThrow().router().groups();
  }

  private static Optional<String> assumption(GgufWriter file) {
    OpenCheckpoint.Content content = content(file);
    return GgufDeepSeek.assumption(content.metadata(), content.config());
  }
}

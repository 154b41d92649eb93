// FolderConfigTest: config.json of every family, its rope spellings, and what is refused.
package dev.gatun.weights;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.gatun.device.DType;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class FolderConfigTest {
  private static final Optional<Double> NONE = Optional.empty();

  private static Fields fields(String json) {
    return JsonFields.object(json.getBytes(StandardCharsets.UTF_8), "'config.json'");
  }

  private static ModelConfig read(String type, String more) {
    return FolderConfig.read(fields(TinyModels.config(type, more)));
  }

  private static Scaling scaling(String more) {
    return read("qwen2", more).rope().scaling();
  }

  /** A configuration with one key's text replaced. */
  private static ModelConfig readWith(String from, String to) {
    String json = TinyModels.config("llama", "");
    String changed = json.replace(from, to);
    assertEquals(false, json.equals(changed));
    return FolderConfig.read(fields(changed));
  }

  private static List<FeedForwardConfig> feedForwards(String more) {
    return read("qwen3_moe", more).layerConfigs().stream().map(LayerConfig::feedForward).toList();
  }

  @Test
  void readsADenseModel() {
    ModelConfig config =
        read("qwen2", ", \"rope_theta\": 1000000.0, \"tie_word_embeddings\": true");
    assertEquals(
        new ModelConfig(
            "qwen2",
            64,
            8,
            1e-6,
            new Rope(1e6, 32, Rope.Style.HALF_SPLIT, new Scaling.None()),
            true,
            128,
            Collections.nCopies(
                2,
                new LayerConfig(
                    new AttentionConfig.Grouped(2, 1, 32, true, false, false),
                    new FeedForwardConfig.Dense(96, false)))),
        config);
  }

  @Test
  void knowsTheDefaultsOfEachFamily() {
    assertEquals(10_000, read("llama", "").rope().theta());
    assertEquals(32, readWith(" \"head_dim\": 32,", "").headDim());
    assertEquals(2, readWith("\"num_key_value_heads\": 1,", "").kvHeads());
    assertEquals(
        128,
        FolderConfig.read(fields(TinyModels.config("qwen3", "").replace("\"head_dim\": 32,", "")))
            .headDim());
    String biases = ", \"attention_bias\": true, \"mlp_bias\": true";
    assertEquals(
        new LayerConfig(
            new AttentionConfig.Grouped(2, 1, 32, true, true, false),
            new FeedForwardConfig.Dense(96, true)),
        read("llama", biases).layer(1));
    assertEquals(
        new LayerConfig(
            new AttentionConfig.Grouped(2, 1, 32, true, true, true),
            new FeedForwardConfig.Dense(96, false)),
        read("qwen3", biases).layer(1));
    Refusals.expect(
        () ->
            FolderConfig.read(
                fields(TinyModels.config("qwen2", "").replace("\"num_key_value_heads\": 1,", ""))),
        "num_key_value_heads");
  }

  @ParameterizedTest
  @CsvSource({"num_experts", "num_local_experts"})
  void readsAMixture(String key) {
    String moe =
        ", \"%s\": 8, \"num_experts_per_tok\": 2, \"moe_intermediate_size\": 32".formatted(key);
    FeedForwardConfig dense = new FeedForwardConfig.Dense(96, false);
    FeedForwardConfig plain =
        new FeedForwardConfig.Routed(8, 2, 32, 0, FeedForwardConfig.Router.softmax(false), false);
    FeedForwardConfig normed =
        new FeedForwardConfig.Routed(8, 2, 32, 0, FeedForwardConfig.Router.softmax(true), false);
    assertEquals(List.of(plain, plain), feedForwards(moe));
    assertEquals(
        List.of(dense, normed),
        feedForwards(moe + ", \"norm_topk_prob\": true, \"decoder_sparse_step\": 2"));
    assertEquals(List.of(plain, dense), feedForwards(moe + ", \"mlp_only_layers\": [1]"));
    Refusals.expect(() -> read("qwen3_moe", moe + ", \"mlp_only_layers\": [2]"), "mlp_only_layers");
    Refusals.expect(() -> read("qwen3_moe", ", \"num_experts\": 8"), "num_experts_per_tok");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        ", \"rope_theta\": 5e5, \"rope_scaling\": {\"type\": \"linear\", \"factor\": 4}",
        ", \"rope_theta\": 5e5, \"rope_scaling\": {\"rope_type\": \"linear\", \"type\": \"yarn\","
            + " \"factor\": 4.0}",
        ", \"rope_parameters\": {\"rope_theta\": 5e5, \"rope_type\": \"linear\", \"factor\": 4.0}",
        ", \"rope_theta\": 1, \"rope_scaling\": {}, \"rope_parameters\": {\"rope_theta\": 5e5,"
            + " \"rope_type\": \"linear\", \"factor\": 4}",
        ", \"rope_theta\": 5e5, \"rope_scaling\": null, \"rope_parameters\": {\"rope_type\":"
            + " \"linear\", \"factor\": 4}"
      })
  void readsOldAndNewSpellings(String more) {
    assertEquals(
        new Rope(5e5, 32, Rope.Style.HALF_SPLIT, new Scaling.Linear(4)),
        read("llama", more).rope());
  }

  @Test
  void readsEveryScaling() {
    assertEquals(new Scaling.None(), scaling(""));
    assertEquals(new Scaling.None(), scaling(", \"rope_scaling\": null"));
    assertEquals(
        new Scaling.None(),
        scaling(", \"rope_parameters\": {\"rope_type\": \"default\", \"rope_theta\": 5}"));
    assertEquals(
        new Scaling.Llama3(8, 1, 4, 64),
        scaling(
            ", \"rope_scaling\": {\"rope_type\": \"llama3\", \"factor\": 8.0, \"low_freq_factor\":"
                + " 1.0, \"high_freq_factor\": 4.0, \"original_max_position_embeddings\": 64}"));
    assertEquals(
        new Scaling.Yarn(4, 32, 32, 1, true, NONE, NONE, NONE),
        scaling(
            ", \"rope_scaling\": {\"type\": \"yarn\", \"factor\": 4.0,"
                + " \"original_max_position_embeddings\": 32}"));
    assertEquals(
        new Scaling.Yarn(
            40, 16, 24, 2, false, Optional.of(1.5), Optional.of(1.0), Optional.of(0.5)),
        scaling(
            ", \"rope_scaling\": {\"type\": \"yarn\", \"factor\": 40,"
                + " \"original_max_position_embeddings\": 16, \"beta_fast\": 24, \"beta_slow\": 2,"
                + " \"truncate\": false, \"attention_factor\": 1.5, \"mscale\": 1,"
                + " \"mscale_all_dim\": 0.5}"));
  }

  @Test
  void findsTheOriginalContextWhereTransformersDoes() {
    String yarn = ", \"rope_scaling\": {\"type\": \"yarn\", \"factor\": 4%s}";
    assertEquals(
        new Scaling.Yarn(4, 128, 32, 1, true, NONE, NONE, NONE), scaling(yarn.formatted("")));
    assertEquals(512, read("qwen2", yarn.formatted("")).contextLength());
    assertEquals(
        new Scaling.Yarn(4, 16, 32, 1, true, NONE, NONE, NONE),
        scaling(
            yarn.formatted(", \"original_max_position_embeddings\": 32")
                + ", \"original_max_position_embeddings\": 16"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "\"rope_scaling\": {\"type\": \"dynamic\", \"factor\": 2} | dynamic",
        "\"rope_scaling\": {\"rope_type\": \"longrope\"} | longrope",
        "\"rope_scaling\": {\"type\": \"mrope\", \"mrope_section\": [1]} | mrope",
        "\"rope_scaling\": {\"type\": 5} | type",
        "\"rope_scaling\": \"yarn\" | rope_scaling",
        "\"rope_scaling\": {\"type\": \"linear\"} | factor",
        "\"rope_scaling\": {\"type\": \"linear\", \"factor\": 0} | factor",
        "\"rope_scaling\": {\"type\": \"linear\", \"factor\": -1} | factor",
        "\"rope_scaling\": {\"type\": \"linear\", \"factor\": 1e999} | factor",
        "\"rope_scaling\": {\"type\": \"yarn\", \"factor\": 4,"
            + " \"original_max_position_embeddings\": 0} | original_max_position_embeddings",
        "\"rope_parameters\": {\"full_attention\": {\"rope_type\": \"default\"}} | full_attention",
        "\"partial_rotary_factor\": 0.5 | partial_rotary_factor",
        "\"rope_theta\": \"big\" | rope_theta",
        "\"use_sliding_window\": true | use_sliding_window",
        "\"layer_types\": [\"full_attention\", \"sliding_attention\"] | sliding_attention",
        "\"attention_bias\": 1 | attention_bias"
      })
  void refusesOtherSettings(String setting, String word) {
    Refusals.expect(() -> read("llama", ", " + setting), word, "config.json");
  }

  @ParameterizedTest
  @ValueSource(strings = {"deepseek_v2", "gemma3", "mistral", "qwen2_moe", ""})
  void refusesOtherFamilies(String type) {
    Refusals.expect(() -> read(type, ""), "'" + type + "'", "llama, qwen2, qwen3, qwen3_moe");
  }

  @Test
  void refusesBadNumbers() {
    Refusals.expect(() -> readWith("\"silu\"", "\"gelu\""), "hidden_act", "gelu", "silu");
    Refusals.expect(() -> readWith("\"hidden_size\": 64", "\"hidden_size\": 0"), "hidden_size");
    Refusals.expect(() -> readWith("\"hidden_size\": 64", "\"hidden_size\": -64"), "hidden_size");
    Refusals.expect(() -> readWith("\"hidden_size\": 64", "\"hidden_size\": 64.5"), "hidden_size");
    Refusals.expect(
        () -> readWith("\"hidden_size\": 64", "\"hidden_size\": 99999999999999999999"),
        "hidden_size");
    Refusals.expect(
        () -> readWith("\"hidden_size\": 64", "\"hidden_size\": 4294967360"), "hidden_size");
    Refusals.expect(
        () -> readWith("\"hidden_size\": 64", "\"hidden_size\": null"), "no hidden_size");
    Refusals.expect(
        () -> readWith("\"hidden_size\": 64", "\"hidden_size\": 64, \"hidden_size\": 65"),
        "uplicate");
    Refusals.expect(
        () -> readWith("\"hidden_size\": 64", "\"hidden_size\": 64, \"x\": " + "[".repeat(5000)),
        "JSON");
    Refusals.expect(
        () -> readWith("\"num_key_value_heads\": 1", "\"num_key_value_heads\": 3"),
        "do not divide");
    Refusals.expect(() -> readWith("\"head_dim\": 32", "\"head_dim\": 33"), "RoPE");
    Refusals.expect(() -> readWith("1e-06", "NaN"), "JSON");
    Refusals.expect(() -> FolderConfig.read(fields("{}")), "model_type");
    Refusals.expect(() -> fields("[1]"), "JSON");
    Refusals.expect(() -> fields("null"), "JSON");
    Refusals.expect(() -> fields("{} x"), "JSON");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "\"quant_method\": \"awq\", \"bits\": 4, \"group_size\": 128, \"version\": \"gemm\","
            + " \"zero_point\": true | AWQ | 128 | false",
        "\"quant_method\": \"awq\", \"bits\": 4, \"group_size\": -1, \"version\": \"GEMM\" | AWQ |"
            + " -1 | false",
        "\"quant_method\": \"gptq\", \"bits\": 4, \"group_size\": 32, \"desc_act\": true | GPTQ |"
            + " 32 | true",
        "\"quant_method\": \"gptq\", \"bits\": 4, \"group_size\": 32, \"checkpoint_format\":"
            + " \"gptq_v2\" | GPTQ | 32 | false",
        "\"bits\": 4, \"group_size\": 64, \"dynamic\": {} | GPTQ | 64 | true",
        "\"quant_method\": \"fp8\", \"weight_block_size\": [128, 128] | F8 | 128 | false"
      })
  void readsQuantisations(String settings, DType type, int groupSize, boolean zerosMinusOne) {
    assertEquals(
        new QuantSettings(type, groupSize, zerosMinusOne, false),
        QuantSettings.read(fields("{" + settings + "}"), true));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "\"quant_method\": \"fp8\" | weight_block_size",
        "\"quant_method\": \"bitsandbytes\" | bitsandbytes",
        "\"quant_method\": \"compressed-tensors\" | has no format",
        "\"bits\": 4 | quant_method",
        "\"quant_method\": \"gptq\", \"bits\": 8, \"group_size\": 32 | bits",
        "\"quant_method\": \"awq\", \"bits\": 3, \"group_size\": 32 | bits",
        "\"quant_method\": \"awq\", \"bits\": 4, \"group_size\": 0 | group_size",
        "\"quant_method\": \"awq\", \"bits\": 4 | group_size",
        "\"quant_method\": \"awq\", \"bits\": 4, \"group_size\": 32, \"version\": \"gemv\" | gemv",
        "\"quant_method\": \"awq\", \"bits\": 4, \"group_size\": 32, \"zero_point\": false |"
            + " zero_point",
        "\"quant_method\": \"gptq\", \"bits\": 4, \"group_size\": 32, \"checkpoint_format\":"
            + " \"marlin\" | marlin",
        "\"quant_method\": \"gptq\", \"bits\": 4, \"group_size\": 32, \"dynamic\": {\"-:lm_head\":"
            + " {}} | dynamic"
      })
  void refusesOtherQuantisations(String settings, String word) {
    Refusals.expect(() -> QuantSettings.read(fields("{" + settings + "}"), false), word);
  }
}

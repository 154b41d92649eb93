// FuzzTest: 220,000 damaged inputs, of which each is read or refused, and nothing else.
package dev.gatun.weights;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.device.DType;
import dev.gatun.refusal.Refusal;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class FuzzTest {
  private static final long SEED = Long.getLong("gatun.fuzz.seed", 1);

  /**
   * Some inputs must survive and most must not: otherwise the damage would not reach what is
   * tested.
   */
  private static void fuzz(int count, Consumer<byte[]> reader, byte[]... good) {
    for (byte[] each : good) {
      reader.accept(each);
    }
    int refused = 0;
    for (int i = 0; i < count; i++) {
      long seed = SEED * 1_000_000 + i;
      byte[] input = new Mutator(seed).damage(good[i % good.length]);
      try {
        reader.accept(input);
      } catch (Refusal refusal) {
        refused++;
        assertTrue(
            refusal.reason() == Refusal.Reason.MODEL && refusal.getMessage().length() < 1000,
            () -> "seed " + seed + ": " + refusal.getMessage());
      } catch (RuntimeException | Error e) {
        throw new AssertionError(
            "seed " + seed + ", input " + (i % good.length) + " of " + good.length, e);
      }
    }
    assertTrue(refused > count / 4 && refused < count, refused + " of " + count + " refused");
  }

  private static void checkPlaces(List<Weight> weights, long fileBytes) {
    for (Weight weight : weights) {
      assertTrue(
          weight.bytes() >= 0 && weight.bytes() <= fileBytes && weight.count() >= 0,
          weight.toString());
    }
  }

  private static void readGguf(byte[] file) {
    GgufFile parsed = GgufFile.parse(ByteRange.of(MemorySegment.ofArray(file)), "'x.gguf'");
    checkPlaces(
        GgufCheckpoint.content(List.of(parsed), false, "x", file.length).weights(), file.length);
  }

  // What stands in front of the tensors is what can be damaged with effect.
  private static GgufWriter small(String arch) {
    return TinyModels.header(arch, 1)
        .put(arch + ".rope.scaling.type", "yarn")
        .put(arch + ".rope.scaling.factor", 2f)
        .raw(
            "nested",
            9,
            GgufWriter.bytes(
                40,
                b -> b.putInt(9).putLong(1).putInt(9).putLong(1).putInt(5).putLong(1).putInt(6)))
        .tensor("token_embd.weight", DType.F32, 8, 2)
        .tensor("blk.0.attn_norm.weight", DType.Q8_0, 32);
  }

  @Test
  void gguf() {
    fuzz(
        90_000,
        FuzzTest::readGguf,
        small("llama").bytes(),
        small("qwen2").bytes(),
        small("qwen3moe").tensor("blk.0.ffn_up_exps.weight", DType.F32, 4, 2, 2).bytes(),
        TinyModels.header("llama", 1)
            .tensor("token_embd.weight", DType.F32, 8, 2)
            .tensor("rope_freqs.weight", DType.F32, ones(16), 16)
            .bytes());
  }

  private static byte[] ones(int count) {
    return GgufWriter.bytes(4 * count, b -> IntStream.range(0, count).forEach(i -> b.putFloat(1)));
  }

  private static Consumer<byte[]> folder(String quantisation, String type, String more) {
    ModelConfig config =
        FolderConfig.read(json(TinyModels.config(type, more).getBytes(StandardCharsets.UTF_8)));
    Optional<QuantSettings> settings =
        Optional.of(quantisation)
            .filter(q -> !q.isEmpty())
            .map(q -> QuantSettings.read(json(q.getBytes(StandardCharsets.UTF_8)), true));
    return file -> {
      Map<String, Weight> tensors =
          Safetensors.parse(ByteRange.of(MemorySegment.ofArray(file)), "'x.safetensors'");
      checkPlaces(FolderCheckpoint.weights(tensors, settings, config), file.length);
    };
  }

  private static Fields json(byte[] text) {
    return JsonFields.object(text, "'config.json'");
  }

  @Test
  void safetensors() {
    fuzz(
        25_000,
        folder(
            "",
            "qwen3_moe",
            ", \"num_experts\": 2, \"num_experts_per_tok\": 2, \"moe_intermediate_size\": 2"),
        new SafetensorsWriter()
            .entry("\"__metadata__\": {\"format\": \"pt\"}")
            .tensor("model.layers.0.mlp.experts.0.up_proj.weight", "BF16", 2, 2)
            .tensor("model.layers.0.mlp.experts.1.up_proj.weight", "BF16", 2, 2)
            .tensor("model.norm.weight", "F32", 4)
            .bytes());
    String settings = "{\"bits\": 4, \"group_size\": 32, \"quant_method\": \"%s\"}";
    fuzz(
        25_000,
        folder(settings.formatted("awq"), "qwen2", ""),
        TinyModels.awq(new SafetensorsWriter(), "m", 8, 32).tensor("m.bias", "F16", 8).bytes());
    fuzz(
        25_000,
        folder(settings.formatted("gptq"), "qwen2", ""),
        TinyModels.gptq(new SafetensorsWriter(), "m", 8, 32, new int[32]).bytes());
  }

  @Test
  void fp8() {
    String settings =
        "{\"quant_method\": \"fp8\", \"weight_block_size\": [128, 128], \"scale_fmt\": \"ue8m0\"}";
    fuzz(
        25_000,
        folder(settings, "qwen2", ""),
        new SafetensorsWriter()
            .tensor("m.weight", "F8_E4M3", 8, 130)
            .tensor("m.weight_scale_inv", "U8", 1, 2)
            .bytes());
  }

  @Test
  void configuration() {
    String rope =
        ", \"rope_scaling\": {\"type\": \"yarn\", \"factor\": 4.0,"
            + " \"original_max_position_embeddings\": 32}";
    String llama3 =
        ", \"rope_parameters\": {\"rope_theta\": 5e5, \"rope_type\": \"llama3\", \"factor\": 8.0,"
            + " \"low_freq_factor\": 1.0, \"high_freq_factor\": 4.0}";
    String moe =
        ", \"num_experts\": 3, \"num_experts_per_tok\": 2, \"moe_intermediate_size\": 32,"
            + " \"mlp_only_layers\": [1], \"decoder_sparse_step\": 2";
    String quant =
        ", \"quantization_config\": {\"quant_method\": \"gptq\", \"bits\": 4, \"group_size\": 32,"
            + " \"dynamic\": {}}";
    fuzz(
        40_000,
        text -> {
          Fields fields = json(text);
          FolderConfig.read(fields);
          GenerationDefaultsReader.of(fields, fields);
          fields.object("quantization_config").ifPresent(q -> QuantSettings.read(q, false));
        },
        TinyModels.config("qwen2", rope + quant).getBytes(StandardCharsets.UTF_8),
        TinyModels.config("llama", llama3 + ", \"layer_types\": [\"full_attention\"]")
            .getBytes(StandardCharsets.UTF_8),
        TinyModels.config("qwen3_moe", moe + ", \"eos_token_id2\": [1, 2]")
            .getBytes(StandardCharsets.UTF_8),
        TinyModels.config("qwen3", ", \"temperature\": 0.6, \"top_k\": 20, \"top_p\": 0.9")
            .getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void indexAndTemplate() {
    fuzz(
        20_000,
        text -> {
          Fields fields = json(text);
          FolderCheckpoint.chatTemplate(fields);
          Shards.index(fields);
        },
        "{\"metadata\": {\"total_size\": 5}, \"weight_map\": {\"a.weight\": \"model-00001-of-00002.safetensors\", \"b.weight\": \"model-00002-of-00002.safetensors\"}}"
            .getBytes(StandardCharsets.UTF_8),
        "{\"weight_map\": {}, \"chat_template\": [{\"name\": \"default\", \"template\": \"{{ x }}\"}]}"
            .getBytes(StandardCharsets.UTF_8));
  }
}

// MtpReadingTest: the layer of multi-token prediction, in both formats, where it is asked for and
// where not.
package dev.gatun.weights;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.device.DType;
import dev.gatun.refusal.Refusal;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MtpReadingTest {
  private static final String LAYER = "model.layers.1.";
  private static final Set<String> OWN =
      Set.of("eh_proj", "enorm", "hnorm", "embed_tokens", "shared_head.norm", "shared_head.head");

  @TempDir Path folder;

  /** One layer of attention and experts, and behind it one that predicts further. */
  private static GgufWriter gguf() {
    GgufWriter file =
        TinyModels.header("deepseek2", 2)
            .put("deepseek2.nextn_predict_layers", 1)
            .put("deepseek2.leading_dense_block_count", 1)
            .put("deepseek2.attention.kv_lora_rank", 32)
            .put("deepseek2.attention.key_length", 32)
            .put("deepseek2.attention.value_length", 64)
            .put("deepseek2.rope.dimension_count", 16)
            .put("deepseek2.expert_count", 4)
            .put("deepseek2.expert_used_count", 2)
            .put("deepseek2.expert_feed_forward_length", 32)
            .tensor("token_embd.weight", DType.F32, 8, 64);
    for (int layer = 0; layer < 2; layer++) {
      file.tensor("blk." + layer + ".attn_kv_b.weight", DType.F32, 2 * (16 + 64), 32);
    }
    return file.tensor("blk.1.ffn_gate_exps.weight", DType.F32, 4, 32, 64);
  }

  private static GgufWriter withMtp(GgufWriter file) {
    return file.tensor("blk.1.nextn.eh_proj.weight", DType.F32, 64, 128)
        .tensor("blk.1.nextn.enorm.weight", DType.F32, 64)
        .tensor("blk.1.nextn.hnorm.weight", DType.F32, 64)
        .tensor("blk.1.nextn.embed_tokens.weight", DType.F32, 8, 64)
        .tensor("blk.1.nextn.shared_head_norm.weight", DType.F32, 64)
        .tensor("blk.1.nextn.shared_head_head.weight", DType.F32, 8, 64);
  }

  private static OpenCheckpoint.Content content(GgufWriter file, boolean mtp) {
    ByteRange bytes = ByteRange.of(MemorySegment.ofArray(file.bytes()));
    List<GgufFile> parts = List.of(GgufFile.parse(bytes, "'x'"));
    return GgufCheckpoint.content(parts, mtp, "x", bytes.bytes());
  }

  private static Set<String> ofLayer(List<Weight> weights) {
    return weights.stream()
        .map(Weight::name)
        .filter(name -> name.startsWith(LAYER))
        .map(name -> name.substring(LAYER.length(), name.length() - ".weight".length()))
        .collect(Collectors.toSet());
  }

  @Test
  void isReadOfAGgufFile() {
    OpenCheckpoint.Content content = content(withMtp(gguf()), true);
    ModelConfig config = content.config();
    assertEquals(List.of(1, 2), List.of(config.layers(), config.caches()));
    assertEquals(4, ((FeedForwardConfig.Routed) config.layer(1).feedForward()).experts());
    Set<String> found = ofLayer(content.weights());
    assertTrue(found.containsAll(OWN), found.toString());
    // As any layer's: two stacks of kv_b, and experts one by one.
    assertTrue(found.containsAll(Set.of("self_attn.k_b_proj", "self_attn.v_b_proj")));
    Weight experts =
        content.weights().stream().filter(w -> w.name().contains("experts")).findFirst().get();
    assertArrayEquals(new long[] {4, 32, 64}, experts.shape());
    assertEquals(4, experts.data().size());
  }

  @Test
  void isLeftOutOfAGgufFile() {
    OpenCheckpoint.Content content = content(withMtp(gguf()), false);
    assertEquals(List.of(1, 1), List.of(content.config().layers(), content.config().caches()));
    assertEquals(Set.of(), ofLayer(content.weights()));
    Refusals.expect(
        () -> content(gguf().put("deepseek2.nextn_predict_layers", 2), false),
        "nextn_predict_layers");
  }

  @Test
  void isRefusedWhereAGgufFileLacksIt() {
    refused("no layer of", () -> content(gguf(), true));
    refused("no layer of", () -> content(gguf().put("deepseek2.nextn_predict_layers", 0), true));
    refused("no layer of", () -> content(TinyModels.gguf("qwen2"), true));
    GgufWriter two = gguf().put("deepseek2.block_count", 3);
    refused("has 2 layers", () -> content(two.put("deepseek2.nextn_predict_layers", 2), true));
    // No layer but that one has such tensors.
    GgufWriter inside = gguf().tensor("blk.0.nextn.enorm.weight", DType.F32, 64);
    Refusals.expect(() -> content(withMtp(inside), true), "blk.0.nextn.enorm.weight");
  }

  private static void refused(String words, Runnable attempt) {
    Refusal refusal = assertThrows(Refusal.class, attempt::run);
    assertEquals(Refusal.Reason.USAGE, refusal.reason(), refusal.getMessage());
    assertTrue(refusal.getMessage().contains(words), refusal.getMessage());
  }

  private Path folder(String count) throws IOException {
    String config =
        TinyModels.config(
            "deepseek_v3",
            ", \"num_hidden_layers\": 1, \"kv_lora_rank\": 32, \"qk_nope_head_dim\": 16,"
                + " \"qk_rope_head_dim\": 16, \"v_head_dim\": 64, \"first_k_dense_replace\": 1,"
                + " \"n_routed_experts\": 1, \"num_experts_per_tok\": 1, \"n_group\": 1,"
                + " \"topk_group\": 1, \"moe_intermediate_size\": 32"
                + count);
    SafetensorsWriter tensors = new SafetensorsWriter();
    for (int layer = 0; layer < 2; layer++) {
      String kv = "model.layers." + layer + ".self_attn.kv_b_proj.weight";
      tensors.tensor(kv, "BF16", 2 * (16 + 64), 32);
    }
    tensors
        .tensor(LAYER + "mlp.experts.0.up_proj.weight", "BF16", 32, 64)
        .tensor(LAYER + "eh_proj.weight", "BF16", 64, 128)
        .tensor(LAYER + "shared_head.head.weight", "BF16", 8, 64);
    return TinyModels.folder(
        folder.resolve("m" + count.length()),
        config.replaceFirst("\"num_hidden_layers\": 2, ", ""),
        tensors);
  }

  @Test
  void isReadOfAFolder() throws IOException {
    Path model = folder(", \"num_nextn_predict_layers\": 1");
    try (Checkpoint without = Checkpoint.open(model);
        Checkpoint with = Checkpoint.open(model, true)) {
      assertEquals(1, without.config().caches());
      assertFalse(without.weights().stream().anyMatch(w -> w.name().startsWith(LAYER)));
      assertEquals(List.of(1, 2), List.of(with.config().layers(), with.config().caches()));
      assertEquals(
          Set.of(
              "eh_proj",
              "shared_head.head",
              "mlp.experts.up_proj",
              "self_attn.k_b_proj",
              "self_attn.v_b_proj"),
          ofLayer(List.copyOf(with.weights())));
    }
    Path silent = folder("");
    refused("no layer of", () -> Checkpoint.open(silent, true));
  }

  // 11.61 thousand million are its own, and the embedding and the head are the model's.
  @Test
  void aSyntheticModelHasItsPublishedParameters() {
    try (Checkpoint without = Checkpoint.synthetic("deepseek-r1:type=fp8");
        Checkpoint with = Checkpoint.synthetic("deepseek-r1:type=fp8", true)) {
      assertEquals(671_026_419_200L, parameters(without));
      assertEquals(11_610_000_000L, parameters(with) - parameters(without), 5_000_000);
      assertEquals(DType.BF16, with.weight("model.layers.61.eh_proj.weight").dtype());
    }
    refused("no layer of", () -> Checkpoint.synthetic("kimi-k2", true));
  }

  private static long parameters(Checkpoint checkpoint) {
    return checkpoint.weights().stream().mapToLong(Weight::count).sum();
  }
}

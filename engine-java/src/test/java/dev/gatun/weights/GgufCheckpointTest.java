// GgufCheckpointTest: whole GGUF models, in one file and in several.
package dev.gatun.weights;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.device.DType;
import dev.gatun.refusal.Refusal;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class GgufCheckpointTest {
  @TempDir Path folder;

  /** The configuration that a header leads to. */
  private static ModelConfig config(GgufWriter file) {
    return content(file).config();
  }

  private static OpenCheckpoint.Content content(GgufWriter file) {
    GgufFile parsed = GgufFile.parse(ByteRange.of(MemorySegment.ofArray(file.bytes())), "'x.gguf'");
    return GgufCheckpoint.content(List.of(parsed), false, "x", 0);
  }

  @ParameterizedTest
  @CsvSource({
    "llama,llama,INTERLEAVED",
    "qwen2,qwen2,HALF_SPLIT",
    "qwen3,qwen3,HALF_SPLIT",
    "qwen3moe,qwen3_moe,HALF_SPLIT"
  })
  void opensEveryFamily(String arch, String type, Rope.Style style) throws IOException {
    Path file = TinyModels.gguf(arch).write(folder.resolve("tiny.gguf"));
    try (Checkpoint model = Checkpoint.open(file)) {
      assertEquals(type, model.config().architecture());
      assertEquals(style, model.config().rope().style());
      boolean bias = arch.equals("qwen2");
      boolean norm = arch.startsWith("qwen3");
      assertEquals(
          new AttentionConfig.Grouped(2, 1, 32, bias, false, norm),
          model.config().layer(0).attention());
      assertEquals(8, model.config().vocab());
      assertTrue(model.config().tiedEmbeddings());
      assertEquals(Optional.empty(), model.find("lm_head.weight"));
      assertEquals("tiny", model.name());
      assertEquals("GGUF V3", model.format());
      assertEquals(Files.size(file), model.fileBytes());
      assertEquals(List.of(7), model.generation().stopIds());
      TokenizerSource.Gguf tokens = assertInstanceOf(TokenizerSource.Gguf.class, model.tokenizer());
      assertEquals("<end>", ((List<?>) tokens.metadata().get("tokenizer.ggml.tokens")).get(7));
      Weight q = model.weight("model.layers.0.self_attn.q_proj.weight");
      assertArrayEquals(new long[] {64, 64}, q.shape());
      assertArrayEquals(GgufWriter.counting(64 * 68), q.range().toArray());
      Refusals.expect(() -> model.weight("model.layers.9.mlp.up_proj.weight"), "layers.9", "tiny");
    }
  }

  @Test
  void cutsExpertsApart() throws IOException {
    try (Checkpoint model =
        Checkpoint.open(TinyModels.gguf("qwen3moe").write(folder.resolve("m.gguf")))) {
      assertEquals(
          new FeedForwardConfig.Routed(4, 2, 32, 0, FeedForwardConfig.Router.softmax(true), false),
          model.config().layer(0).feedForward());
      Weight down = model.weight("model.layers.0.mlp.experts.down_proj.weight");
      assertArrayEquals(new long[] {4, 64, 32}, down.shape());
      assertEquals(4, down.data().size());
      byte[] all = GgufWriter.counting(4 * 64 * 34);
      assertArrayEquals(
          Arrays.copyOfRange(all, 3 * 64 * 34, 4 * 64 * 34), down.data().get(3).toArray());
      assertArrayEquals(new long[] {4, 64}, model.weight("model.layers.0.mlp.gate.weight").shape());
    }
  }

  @Test
  void cannotBeReadOnceItIsClosed() throws IOException {
    Checkpoint model = Checkpoint.open(TinyModels.gguf("llama").write(folder.resolve("m.gguf")));
    ByteRange data = model.weight("model.norm.weight").range();
    assertEquals(256, data.toArray().length);
    model.close();
    model.close();
    assertThrows(IllegalStateException.class, data::toArray);
  }

  @Test
  void readsRopeScalings() {
    assertEquals(new Scaling.None(), config(TinyModels.gguf("qwen2")).rope().scaling());
    GgufWriter linear = TinyModels.gguf("qwen2").put("qwen2.rope.scaling.factor", 4f);
    assertEquals(new Scaling.Linear(4), config(linear).rope().scaling());
    assertEquals(
        new Scaling.None(), config(linear.put("qwen2.rope.scaling.type", "none")).rope().scaling());
    GgufWriter yarn = linear.put("qwen2.rope.scaling.type", "yarn");
    Optional<Double> none = Optional.empty();
    assertEquals(
        new Scaling.Yarn(4, 128, 32, 1, true, none, none, none), config(yarn).rope().scaling());
    assertEquals(512, config(yarn).contextLength());
    yarn.put("qwen2.rope.scaling.original_context_length", 16)
        .put("qwen2.rope.scaling.yarn_beta_fast", 16f);
    assertEquals(
        new Scaling.Yarn(4, 16, 16, 1, true, none, none, none), config(yarn).rope().scaling());
    assertEquals(128, config(yarn).contextLength());
    yarn.put("qwen2.rope.scaling.attn_factor", 2f);
    Scaling.Yarn scaled = (Scaling.Yarn) config(yarn).rope().scaling();
    assertEquals(2 * (0.1 * Math.log(4) + 1), scaled.attentionFactor().orElseThrow(), 1e-12);
    Refusals.expect(
        () -> config(TinyModels.gguf("qwen2").put("qwen2.rope.scaling.type", "longrope")),
        "longrope",
        "yarn");
    Refusals.expect(
        () -> config(TinyModels.gguf("qwen2").put("qwen2.rope.scaling.alpha", 4f)), "alpha");
  }

  @Test
  void readsFrequencyFactors() {
    byte[] factors =
        GgufWriter.bytes(
            64,
            b ->
                b.asFloatBuffer()
                    .put(new float[] {1, 1, 1, 1, 2, 2, 2, 2, 4, 4, 4, 4, 8, 8, 8, 8}));
    OpenCheckpoint.Content model =
        content(TinyModels.gguf("llama").tensor("rope_freqs.weight", DType.F32, factors, 16));
    Scaling.FrequencyFactors read =
        assertInstanceOf(Scaling.FrequencyFactors.class, model.config().rope().scaling());
    assertEquals(2, read.factors()[4]);
    assertFalse(model.weights().stream().anyMatch(w -> w.name().contains("rope")));
    Refusals.expect(
        () ->
            config(
                TinyModels.gguf("llama").tensor("rope_freqs.weight", DType.F32, new byte[64], 16)),
        "0.0");
    Refusals.expect(
        () ->
            config(
                TinyModels.gguf("llama")
                    .tensor("rope_freqs.weight", DType.F32, Arrays.copyOf(factors, 32), 8)),
        "8 frequency factors for 16");
    Refusals.expect(
        () ->
            config(
                TinyModels.gguf("llama")
                    .put("llama.rope.scaling.factor", 2f)
                    .tensor("rope_freqs.weight", DType.F32, factors, 16)),
        "rope_freqs.weight");
  }

  @ParameterizedTest
  @ValueSource(strings = {"deepseek", "gemma3", "", "LLAMA"})
  void refusesOtherArchitectures(String arch) {
    Refusals.expect(
        () -> config(TinyModels.gguf(arch)), "'" + arch + "'", "llama, qwen2, qwen3, qwen3moe");
  }

  @Test
  void refusesWhatItCannotRun() {
    Refusals.expect(
        () -> config(TinyModels.gguf("qwen2").put("qwen2.attention.sliding_window", 64)),
        "sliding_window");
    Refusals.expect(
        () -> config(TinyModels.gguf("llama").put("llama.expert_count", 8)), "expert_count");
    Refusals.expect(
        () -> config(TinyModels.gguf("llama").put("llama.attention.value_length", 16)),
        "value_length");
    Refusals.expect(
        () ->
            config(TinyModels.gguf("llama").put("llama.attention.head_count_kv", new int[] {1, 2})),
        "head_count_kv");
    Refusals.expect(
        () -> config(TinyModels.gguf("llama").tensor("blk.0.ffn_sub.weight", DType.F32, 2)),
        "ffn_sub");
    Refusals.expect(
        () -> config(TinyModels.gguf("llama").tensor("blk.2.attn_norm.weight", DType.F32, 64)),
        "blk.2",
        "2 layers");
  }

  @Test
  void refusesContradictions() {
    Refusals.expect(
        () -> config(TinyModels.gguf("llama").put("llama.attention.head_count_kv", 3)),
        "do not divide");
    Refusals.expect(
        () -> config(TinyModels.gguf("llama").put("llama.rope.dimension_count", 33)),
        "RoPE turns 33");
    Refusals.expect(
        () -> config(TinyModels.gguf("llama").put("llama.rope.dimension_count", 34)),
        "RoPE turns 34");
    Refusals.expect(
        () -> config(TinyModels.gguf("llama").put("llama.block_count", 0)), "block_count", "is 0");
    Refusals.expect(
        () -> config(TinyModels.gguf("llama").put("llama.block_count", -1)), "4294967295");
    Refusals.expect(
        () -> config(TinyModels.gguf("llama").put("llama.block_count", "many")), "'many'");
    Refusals.expect(
        () -> config(TinyModels.gguf("llama").put("llama.rope.freq_base", Float.NaN)),
        "freq_base",
        "NaN");
    Refusals.expect(
        () -> config(TinyModels.gguf("qwen3moe").put("qwen3moe.expert_used_count", 5)),
        "5 experts");
    Refusals.expect(
        () -> config(TinyModels.gguf("qwen3moe").put("qwen3moe.expert_count", 3)),
        "(4, 32, 64)",
        "3 experts");
    Refusals.expect(() -> config(TinyModels.header("llama", 1)), "token_embd.weight");
    Refusals.expect(
        () -> config(TinyModels.header("llama", 1).tensor("token_embd.weight", DType.F32, 7, 64)),
        "8 tokens",
        "embeds 7");
    Refusals.expect(
        () -> config(new GgufWriter().tensor("t", DType.F32, 1)), "general.architecture");
  }

  @Test
  void acceptsOneNumberALayerWhereAllAreEqual() {
    ModelConfig config =
        config(TinyModels.gguf("llama").put("llama.attention.head_count_kv", new int[] {1, 1}));
    assertEquals(1, config.kvHeads());
  }

  @Test
  void refusesWhatIsNotThere() throws IOException {
    Refusal nothing =
        assertThrows(Refusal.class, () -> Checkpoint.open(folder.resolve("none.gguf")));
    assertEquals(Refusal.Reason.USAGE, nothing.reason());
    Refusals.expect(
        () -> Checkpoint.open(Files.createFile(folder.resolve("empty.gguf"))), "empty.gguf");
  }
}

// GemmTest: whole models whose prompts are multiplied by cuBLAS, played by the host.
package dev.gatun.engine;

import static dev.gatun.engine.Resources.ORACLES;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.device.DeviceChoice;
import dev.gatun.graph.Compute;
import dev.gatun.graph.Crossover;
import dev.gatun.load.EngineOptions;
import dev.gatun.load.Gemm;
import dev.gatun.load.KernelChoice;
import dev.gatun.load.KernelChoice.Row;
import dev.gatun.op.Provider;
import dev.gatun.refusal.Refusal;
import dev.gatun.verify.Divergence;
import dev.gatun.verify.Oracle;
import dev.gatun.weights.Checkpoint;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("emulated")
class GemmTest {
  /** Of mean KL divergence a token; int8's is 1e-3. The greatest of these models has 5e-5. */
  private static final double KL = 1e-4;

  private static EngineOptions options(Gemm gemm) {
    return EngineOptions.defaults().withDevice(DeviceUnderTest.choice()).withGemm(gemm);
  }

  @ParameterizedTest
  @ValueSource(strings = {"qwen2", "qwen2-awq", "qwen2-gptq", "qwen3"})
  void foldersStayNearTheirOracles(String name) throws IOException {
    checkPrompt(ORACLES.folder(name));
  }

  @ParameterizedTest
  @ValueSource(strings = {"qwen2-f16", "qwen2-q4_k_m", "qwen2-q8_0", "qwen3-moe-q4_k_m"})
  void ggufsStayNearTheirOracles(String name) throws IOException {
    checkPrompt(ORACLES.gguf(name));
  }

  private static void checkPrompt(Oracle oracle) {
    float[] expected = oracle.floats("logits");
    float[] whole = logits(oracle, options(Gemm.CUBLAS), 64);
    double divergence = divergence(expected, whole, oracle.inputIds().length);
    assertTrue(divergence <= KL, "KL divergence " + divergence);
    assertFalse(Arrays.equals(whole, logits(oracle, options(Gemm.OWN), 64)), "cuBLAS had no part");
  }

  /** Its experts are chosen by more bits than bfloat16 has. */
  @Test
  void deepSeekIsRefusedUnlessItIsInt8() throws IOException {
    Oracle oracle = ORACLES.folder("deepseek-v3");
    Refusal refusal = assertThrows(Refusal.class, () -> logits(oracle, options(Gemm.CUBLAS), 64));
    assertEquals(Refusal.Reason.USAGE, refusal.reason());
    assertTrue(refusal.getMessage().contains("bfloat16"), refusal.getMessage());
    logits(oracle, options(Gemm.CUBLAS).withCompute(Compute.INT8), 64);
  }

  /** Steps of up to 16 tokens are by our kernels, whatever is asked for. */
  @Test
  void decodingHasOurBits() throws IOException {
    Oracle oracle = ORACLES.gguf("qwen2-q4_k_m");
    assertArrayEquals(
        logits(oracle, options(Gemm.OWN), 16), logits(oracle, options(Gemm.CUBLAS), 16));
  }

  @Test
  void theFastestOfEachIsMeasuredOnce() throws IOException {
    Oracle oracle = ORACLES.gguf("qwen2-q4_k_m");
    float[] expected = oracle.floats("logits");
    float[] found = logits(oracle, options(Gemm.FASTEST), 64);
    assertTrue(divergence(expected, found, oracle.inputIds().length) <= KL);
    try (Checkpoint checkpoint = Checkpoint.open(oracle.checkpoint())) {
      EngineOptions options = options(Gemm.FASTEST).withBatch(64, 64);
      KernelChoice kernels = KernelChoice.of(checkpoint, options, true);
      assertEquals(
          List.of(1, 16, 64), kernels.rows().stream().map(Row::tokens).distinct().toList());
      for (Row row : kernels.rows()) {
        assertTrue(row.seconds().orElseThrow() > 0, row.toString());
        assertEquals(row.tokens() > 16, row.cublasSeconds().isPresent(), row.toString());
        boolean faster =
            row.cublasSeconds().isPresent()
                && row.cublasSeconds().getAsDouble() < 0.95 * row.seconds().getAsDouble();
        assertEquals(faster, row.provider() == Provider.CUBLAS, row.toString());
        assertEquals(faster, row.kernel().equals("unpack, cuBLAS"), row.toString());
      }
    }
  }

  @Test
  void kernelsAreNamedWithoutADevice() throws IOException {
    EngineOptions options = EngineOptions.defaults().withDevice(DeviceChoice.cpu());
    try (Checkpoint checkpoint = Checkpoint.open(ORACLES.gguf("qwen2-f16").checkpoint())) {
      KernelChoice kernels = KernelChoice.of(checkpoint, options, false);
      assertEquals(Crossover.never(), kernels.crossover());
      assertFalse(kernels.rows().isEmpty());
      assertTrue(kernels.rows().stream().allMatch(row -> row.kernel().startsWith("mat_mul_fp32")));
      assertTrue(kernels.rows().stream().allMatch(row -> row.seconds().isEmpty()));
    }
  }

  private static float[] logits(Oracle oracle, EngineOptions options, int chunk) {
    EngineOptions all = options.withBatch(chunk, chunk).withLogitRows(512);
    int[] ids = oracle.inputIds();
    float[] found = new float[oracle.floats("logits").length];
    int[] at = {0};
    try (Checkpoint checkpoint = Checkpoint.open(oracle.checkpoint());
        Engine engine = Engine.load(checkpoint, all);
        Session session = engine.newSession()) {
      long allocations = engine.device().allocations();
      session.logits(
          ids,
          rows -> {
            float[] part = rows.toArray(ValueLayout.JAVA_FLOAT);
            System.arraycopy(part, 0, found, at[0], part.length);
            at[0] += part.length;
          });
      assertEquals(allocations, engine.device().allocations(), "allocations after load");
    }
    return found;
  }

  private static double divergence(float[] expected, float[] actual, int tokens) {
    int vocab = expected.length / tokens;
    Divergence divergence = new Divergence();
    for (int from = 0; from < expected.length; from += vocab) {
      divergence.add(
          Arrays.copyOfRange(expected, from, from + vocab),
          Arrays.copyOfRange(actual, from, from + vocab),
          -1);
    }
    return divergence.kl();
  }
}

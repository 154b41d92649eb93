// DrawingTest: an answer is the same whether the host or the device draws it.
package dev.gatun.engine;

import static dev.gatun.engine.Answers.LIVELY;
import static dev.gatun.engine.Answers.MODEL;
import static dev.gatun.engine.Answers.PROMPT;
import static dev.gatun.engine.Answers.drawnByTheOp;
import static dev.gatun.engine.Answers.limits;
import static dev.gatun.engine.Answers.options;
import static dev.gatun.engine.Answers.reference;
import static dev.gatun.engine.Answers.withEngine;
import static dev.gatun.engine.Resources.ORACLES;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.chat.Cancellation;
import dev.gatun.device.DeviceMemory;
import dev.gatun.device.EmulatedRuntime;
import dev.gatun.engine.Generation.Result;
import dev.gatun.engine.Generation.Stop;
import dev.gatun.load.EngineOptions;
import dev.gatun.refusal.Refusal;
import dev.gatun.sample.Sampler;
import dev.gatun.sample.SamplerType;
import dev.gatun.sample.SamplingOptions;
import dev.gatun.verify.Oracle;
import dev.gatun.weights.Checkpoint;
import dev.gatun.weights.SafetensorsWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

@Tag("anyDevice")
class DrawingTest {
  private static final int TOKENS = 12;

  @TempDir Path folder;

  /** One of each family; that all formats compute the same on each device is not shown here. */
  static List<String> models() {
    return List.of(MODEL, "llama-q4_k_m", "qwen3-moe-q4_k_m");
  }

  /** What the device can draw by itself. */
  static List<SamplingOptions> drawnOnDevice() {
    SamplingOptions plain = SamplingOptions.defaults().withSeed(11);
    return List.of(
        plain,
        plain.withTemperature(0),
        plain.withTemperature(1.5).withTopK(0).withTopP(1).withMinP(0).withSeed(3),
        plain.withTopK(0).withTopP(0.7).withMinP(0.1).withTemperature(2),
        plain
            .withSamplers(List.of(SamplerType.TEMPERATURE, SamplerType.TOP_P, SamplerType.TOP_K))
            .withTopP(0.9));
  }

  @ParameterizedTest
  @MethodSource("models")
  void theDeviceDrawsWhatTheHostDraws(String model) throws IOException {
    withEngine(
        model,
        options(),
        engine -> {
          for (SamplingOptions sampling : drawnOnDevice()) {
            assertTrue(new Sampler(sampling).onDevice(8).isPresent(), sampling.toString());
            int[] expected = reference(engine, sampling, TOKENS);
            assertArrayEquals(
                expected, drawnByTheOp(engine, new Sampler(sampling), TOKENS), sampling.toString());
            assertArrayEquals(expected, answer(engine, sampling), sampling.toString());
          }
        });
  }

  @Test
  void aPromptOfManyStepsIsFollowedByTheSameDraws() throws IOException {
    List<int[]> answers = new ArrayList<>();
    for (int chunk : new int[] {512, 6}) {
      withEngine(
          MODEL, options().withBatch(chunk, chunk), engine -> answers.add(answer(engine, LIVELY)));
    }
    assertArrayEquals(answers.get(0), answers.get(1));
  }

  private static int[] answer(Engine engine, SamplingOptions sampling) {
    try (Session session = engine.newSession()) {
      List<Integer> heard = new ArrayList<>();
      Result result =
          Generation.run(
              session,
              PROMPT,
              new Sampler(sampling),
              limits(engine, TOKENS),
              heard::add,
              Cancellation.never());
      assertEquals(Stop.LIMIT, result.stop());
      assertArrayEquals(result.tokens(), heard.stream().mapToInt(Integer::intValue).toArray());
      assertEquals(PROMPT.length + TOKENS - 1, session.length());
      return result.tokens();
    }
  }

  @Test
  void whatTheDeviceCannotDrawIsDrawnByTheHost() throws IOException {
    SamplingOptions plain = SamplingOptions.defaults().withSeed(11);
    List<SamplingOptions> onHost =
        List.of(
            plain.withRepeatPenalty(1.3),
            plain.withPresencePenalty(0.5),
            plain.withTypicalP(0.5),
            plain.with(new SamplingOptions.Dry(0.8, 1.75, 2, -1, List.of())),
            plain.withLogitBias(Map.of(7, 5f)),
            plain.withSamplers(
                List.of(SamplerType.TOP_K, SamplerType.TEMPERATURE, SamplerType.TOP_K)));
    withEngine(
        MODEL,
        options(),
        engine -> {
          for (SamplingOptions sampling : onHost) {
            assertFalse(new Sampler(sampling).onDevice(8).isPresent(), sampling.toString());
            int[] expected = reference(engine, sampling, TOKENS);
            assertArrayEquals(expected, answer(engine, sampling), sampling.toString());
          }
        });
  }

  @Test
  @Tag("emulated")
  void recordedAndPlainStepsDrawTheSame() throws IOException {
    List<int[]> answers = new ArrayList<>();
    for (boolean graphs : new boolean[] {true, false}) {
      long recordings = EmulatedRuntime.recordingsRun();
      EngineOptions options = options().withDevice(DeviceUnderTest.choice().withGraphs(graphs));
      withEngine(
          MODEL,
          options,
          engine -> {
            long allocations = engine.device().allocations();
            DeviceMemory memory = engine.device().memory();
            drawnOnDevice().forEach(s -> answers.add(answer(engine, s)));
            assertEquals(allocations, engine.device().allocations(), "allocations after load");
            assertEquals(memory, engine.device().memory());
          });
      assertEquals(graphs, EmulatedRuntime.recordingsRun() > recordings);
    }
    int half = answers.size() / 2;
    for (int i = 0; i < half; i++) {
      assertArrayEquals(answers.get(i), answers.get(half + i));
    }
  }

  @Test
  void logitsThatAreNoNumbersAreRefusedAlike() throws IOException {
    Path weights = ORACLES.folder("qwen2").checkpoint();
    SafetensorsWriter file = new SafetensorsWriter();
    Oracle.stored(weights.resolve("model.safetensors"))
        .forEach(
            (name, t) -> {
              byte[] bytes = t.bytes();
              if (name.equals("model.norm.weight")) {
                Arrays.fill(bytes, (byte) 0xFF); // NaN in every format of floats
              }
              file.tensor(name, t.dtype(), bytes, t.shape());
            });
    file.write(folder.resolve("model.safetensors"));
    Files.copy(weights.resolve("config.json"), folder.resolve("config.json"));
    try (Checkpoint checkpoint = Checkpoint.open(folder);
        Engine engine = Engine.load(checkpoint, options())) {
      Refusal ofHost = assertThrows(Refusal.class, () -> reference(engine, LIVELY, 1));
      for (Executable drawn :
          List.<Executable>of(
              () -> answer(engine, LIVELY),
              () -> drawnByTheOp(engine, new Sampler(LIVELY), TOKENS))) {
        Refusal refusal = assertThrows(Refusal.class, drawn);
        assertEquals(ofHost.reason(), refusal.reason());
        assertTrue(
            refusal.getMessage().contains("not a number to sample from; check the checkpoint's"),
            refusal.getMessage());
      }
    }
  }
}

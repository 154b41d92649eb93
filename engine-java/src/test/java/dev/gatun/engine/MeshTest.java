// MeshTest: a model over several devices gives the bits of one.
package dev.gatun.engine;

import static dev.gatun.engine.Resources.ORACLES;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.gatun.device.DeviceChoice;
import dev.gatun.graph.Compute;
import dev.gatun.load.EngineOptions;
import dev.gatun.load.Mesh;
import dev.gatun.shard.Placement;
import dev.gatun.verify.Oracle;
import dev.gatun.weights.Checkpoint;
import dev.gatun.weights.FeedForwardConfig;
import dev.gatun.weights.ModelConfig;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

@Tag("anyDevice")
@Timeout(600)
class MeshTest {

  static Stream<String> oracles() throws IOException {
    List<String> folders =
        List.of(
            "deepseek-v3",
            "deepseek-v3-fp8",
            "qwen3-moe",
            "qwen2",
            "qwen2-awq",
            "qwen2-gptq",
            "llama");
    return Stream.concat(folders.stream(), ORACLES.ggufs().stream().filter(MeshTest::isChosen));
  }

  /** Of each family the types that its products differ by. */
  private static boolean isChosen(String gguf) {
    return gguf.startsWith("deepseek") || gguf.startsWith("qwen3") || gguf.contains("q4_k_m");
  }

  private static Oracle oracle(String name) throws IOException {
    return ORACLES.ggufs().contains(name) ? ORACLES.gguf(name) : ORACLES.folder(name);
  }

  private static EngineOptions options(Compute compute, int devices, Placement.Mode mode) {
    DeviceChoice one = DeviceUnderTest.choice().withThreads(1);
    return EngineOptions.defaults()
        .withDevice(one)
        .withCompute(compute)
        .withContext(0)
        .withLogitRows(256)
        .withMesh(new Mesh(Collections.nCopies(devices - 1, one), mode));
  }

  /** The logits of a prompt in two parts, and of tokens one by one after it. */
  private static List<float[]> run(Checkpoint checkpoint, EngineOptions options, int[] ids) {
    List<float[]> found = new ArrayList<>();
    try (Engine engine = Engine.load(checkpoint, options);
        Session session = engine.newSession()) {
      int half = ids.length / 2;
      session.logits(Arrays.copyOf(ids, half), row -> found.add(floats(row)));
      for (int i = half; i < half + 4; i++) {
        found.add(floats(session.append(ids[i])));
      }
      session.logits(Arrays.copyOfRange(ids, half + 4, ids.length), row -> found.add(floats(row)));
    }
    return found;
  }

  /** Other numbers of devices are refused. */
  private static boolean fits(ModelConfig config, Placement.Mode mode, int devices) {
    int experts = config.moe().map(FeedForwardConfig.Routed::experts).orElse(0);
    return switch (mode) {
      case LAYER -> devices <= config.layers();
      case TENSOR -> true;
      case EXPERT -> experts > 0;
      case HYBRID -> devices - 1 <= experts;
    };
  }

  private static float[] floats(MemorySegment logits) {
    return logits.toArray(ValueLayout.JAVA_FLOAT);
  }

  @ParameterizedTest
  @MethodSource("oracles")
  void devicesDoNotChangeABit(String name) throws IOException {
    Oracle oracle = oracle(name);
    try (Checkpoint checkpoint = Checkpoint.open(oracle.checkpoint())) {
      for (Compute compute : List.of(Compute.F32, Compute.AUTO)) {
        List<float[]> one =
            run(checkpoint, options(compute, 1, Placement.Mode.TENSOR), oracle.inputIds());
        for (Placement.Mode mode : Placement.Mode.values()) {
          for (int devices : new int[] {2, 3, 4, 8}) {
            if (!fits(checkpoint.config(), mode, devices)) {
              continue;
            }
            List<float[]> several =
                run(checkpoint, options(compute, devices, mode), oracle.inputIds());
            assertEquals(one.size(), several.size());
            for (int i = 0; i < one.size(); i++) {
              assertArrayEquals(
                  one.get(i), several.get(i), i + ": " + devices + " devices, " + mode);
            }
          }
        }
      }
    }
  }
}

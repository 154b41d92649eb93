// HalvedStepsTest: steps that alternate between ranks in halves give the bits of one device.
package dev.gatun.engine;

import static dev.gatun.engine.Resources.ORACLES;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.device.DeviceChoice;
import dev.gatun.graph.Compute;
import dev.gatun.graph.StepShape;
import dev.gatun.load.EngineOptions;
import dev.gatun.load.Mesh;
import dev.gatun.shard.Placement;
import dev.gatun.verify.Oracle;
import dev.gatun.weights.Checkpoint;
import dev.gatun.weights.SafetensorsWriter;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Tag("cpu")
@Timeout(120)
class HalvedStepsTest {
  private static final int LAYERS = 6;

  @TempDir Path folder;

  /** An oracle's model with its last layer several times, so that halved layers are neighbours. */
  private Path deep(Oracle oracle, int layers) throws IOException {
    SafetensorsWriter file = new SafetensorsWriter();
    String last = "model.layers." + (layers - 1) + ".";
    TinyDeepSeek.tensors(oracle)
        .forEach(
            (name, t) -> {
              file.tensor(name, t.dtype(), t.bytes(), t.shape());
              for (int copy = layers; name.startsWith(last) && copy < LAYERS; copy++) {
                String its = "model.layers." + copy + "." + name.substring(last.length());
                file.tensor(its, t.dtype(), t.bytes(), t.shape());
              }
            });
    file.write(folder.resolve("model.safetensors"));
    String config = Files.readString(oracle.checkpoint().resolve("config.json"));
    String deeper =
        config.replaceFirst("\"num_hidden_layers\": \\d+", "\"num_hidden_layers\": " + LAYERS);
    Files.writeString(folder.resolve("config.json"), deeper);
    return folder;
  }

  private static EngineOptions options(Compute compute, int devices) {
    DeviceChoice one = DeviceUnderTest.choice().withThreads(1);
    return EngineOptions.defaults()
        .withDevice(one)
        .withCompute(compute)
        .withContext(0)
        .withLogitRows(256)
        .withMesh(
            devices == 1
                ? Mesh.none()
                : new Mesh(Collections.nCopies(devices - 1, one), Placement.Mode.HYBRID));
  }

  /** What steps of all kinds compute: halved with some rows of logits and all, small, observed. */
  private static Map<String, float[]> run(Checkpoint checkpoint, EngineOptions options) {
    Map<String, float[]> found = new LinkedHashMap<>();
    int vocab = checkpoint.config().vocab();
    try (Engine engine = Engine.load(checkpoint, options);
        Session session = engine.newSession()) {
      Random random = new Random(5);
      found.put("a chunk", floats(session.append(ids(random, StepShape.LEAST_HALVED, vocab))));
      found.put("an odd one", floats(session.append(ids(random, 77, vocab))));
      found.put("a token", floats(session.append(ids(random, 1, vocab))));
      found.put("few", floats(session.append(ids(random, StepShape.LEAST_HALVED - 1, vocab))));
      List<float[]> rows = new ArrayList<>();
      session.logits(ids(random, 41, vocab), row -> rows.add(floats(row)));
      rows.forEach(row -> found.put("row " + found.size(), row));
      session.observe(ids(random, 50, vocab), (name, tensor) -> found.put(name, floats(tensor)));
    }
    return found;
  }

  private static int[] ids(Random random, int count, int vocab) {
    return random.ints(count, 0, vocab).toArray();
  }

  private static float[] floats(MemorySegment tensor) {
    return tensor.toArray(ValueLayout.JAVA_FLOAT);
  }

  @ParameterizedTest
  @CsvSource({"deepseek-v3, 3", "qwen3-moe, 2"})
  void halvesDoNotChangeABit(String name, int layers) throws IOException {
    try (Checkpoint checkpoint = Checkpoint.open(deep(ORACLES.folder(name), layers))) {
      for (Compute compute : List.of(Compute.F32, Compute.AUTO)) {
        Map<String, float[]> one = run(checkpoint, options(compute, 1));
        assertTrue(one.containsKey("hidden." + LAYERS), one.keySet()::toString);
        for (int devices : new int[] {2, 3}) {
          Map<String, float[]> several = run(checkpoint, options(compute, devices));
          assertEquals(one.keySet(), several.keySet());
          one.forEach(
              (what, bits) ->
                  assertArrayEquals(bits, several.get(what), what + ", " + devices + " devices"));
        }
      }
    }
  }
}

// MeshFailureTest: a rank that cannot go on ends all of them, with its reason and its kind.
package dev.gatun.engine;

import static dev.gatun.engine.Resources.ORACLES;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.device.DeviceChoice;
import dev.gatun.load.EngineOptions;
import dev.gatun.load.Mesh;
import dev.gatun.refusal.Refusal;
import dev.gatun.shard.Placement;
import dev.gatun.verify.Oracle;
import dev.gatun.weights.Checkpoint;
import dev.gatun.weights.SafetensorsWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class MeshFailureTest {
  private static final DeviceChoice CPU = DeviceChoice.cpu().withThreads(1);
  private static final DeviceChoice TINY = CPU.simulated(1 << 20);

  @TempDir Path folder;

  private static Refusal refused(Path model, Placement.Mode mode, DeviceChoice... devices)
      throws IOException {
    List<DeviceChoice> all = Arrays.asList(devices);
    EngineOptions options =
        EngineOptions.defaults()
            .withDevice(all.getFirst())
            .withContext(0)
            .withMesh(new Mesh(all.subList(1, all.size()), mode));
    try (Checkpoint checkpoint = Checkpoint.open(model)) {
      return assertThrows(Refusal.class, () -> Engine.load(checkpoint, options));
    }
  }

  private static void assertSays(Refusal.Reason reason, Refusal refusal, String... words) {
    assertEquals(reason, refusal.reason(), refusal.getMessage());
    assertEquals(1, refusal.getMessage().lines().count());
    for (String word : words) {
      assertTrue(refusal.getMessage().contains(word), refusal.getMessage());
    }
  }

  @AfterEach
  void noRankIsLeft() {
    List<String> left =
        Thread.getAllStackTraces().keySet().stream()
            .map(Thread::getName)
            .filter(name -> name.startsWith("gatun-"))
            .toList();
    assertEquals(List.of(), left);
  }

  @Test
  void aRankThatDoesNotFitIsNamed() throws IOException {
    Path model = ORACLES.folder("qwen3-moe").checkpoint();
    for (Placement.Mode mode : Placement.Mode.values()) {
      assertSays(
          Refusal.Reason.DOES_NOT_FIT,
          refused(model, mode, CPU, TINY),
          "rank 1 of 2 lacks ",
          " for its part of the model");
    }
    assertSays(
        Refusal.Reason.DOES_NOT_FIT,
        refused(model, Placement.Mode.EXPERT, CPU, CPU, TINY, CPU),
        "rank 2 of 4 lacks ");
  }

  @Test
  void theFirstDeviceOrAllThatDoNotFitAreRefused() throws IOException {
    Path model = ORACLES.folder("qwen3-moe").checkpoint();
    assertSays(
        Refusal.Reason.DOES_NOT_FIT,
        refused(model, Placement.Mode.TENSOR, TINY, CPU, CPU),
        "rank 0 of 3 lacks ");
    assertSays(
        Refusal.Reason.DOES_NOT_FIT,
        refused(model, Placement.Mode.TENSOR, TINY, TINY, TINY),
        "rank 0 of 3 lacks ");
  }

  /** An expert's scale is no number, and only the second rank reads it. */
  @Test
  void aRankThatFindsTheModelDamagedIsNamed() throws IOException {
    Oracle oracle = ORACLES.folder("deepseek-v3-fp8");
    Map<String, Oracle.Stored> tensors =
        new TreeMap<>(Oracle.stored(oracle.checkpoint().resolve("model.safetensors")));
    String scale =
        tensors.keySet().stream()
            .filter(name -> name.contains(".mlp.experts.0.") && name.endsWith("_scale_inv"))
            .findFirst()
            .orElseThrow();
    Arrays.fill(tensors.get(scale).bytes(), (byte) 0xff);
    SafetensorsWriter file = new SafetensorsWriter();
    tensors.forEach((name, t) -> file.tensor(name, t.dtype(), t.bytes(), t.shape()));
    file.write(folder.resolve("model.safetensors"));
    Files.copy(oracle.checkpoint().resolve("config.json"), folder.resolve("config.json"));
    assertSays(
        Refusal.Reason.MODEL,
        refused(folder, Placement.Mode.HYBRID, CPU, CPU, CPU),
        "rank 1 ended: cpu: tensor '",
        "mlp.experts");
  }
}

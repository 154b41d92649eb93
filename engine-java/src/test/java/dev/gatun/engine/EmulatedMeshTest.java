// EmulatedMeshTest: a model over several GPUs of one process gives the bits of one.
package dev.gatun.engine;

import static dev.gatun.engine.Resources.ORACLES;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.gatun.device.EmulatedRuntime;
import dev.gatun.graph.Compute;
import dev.gatun.shard.Placement;
import dev.gatun.verify.Oracle;
import dev.gatun.weights.Checkpoint;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Tag("emulated")
@Timeout(600)
class EmulatedMeshTest {

  @ParameterizedTest
  @CsvSource({
    "deepseek-v3, 2, TENSOR",
    "deepseek-v3, 2, EXPERT",
    "deepseek-v3, 2, LAYER",
    "deepseek-v3, 3, HYBRID",
    "qwen3-moe, 4, TENSOR",
    "qwen2, 2, TENSOR"
  })
  void devicesDoNotChangeABit(String model, int devices, Placement.Mode mode) throws IOException {
    Oracle oracle = ORACLES.folder(model);
    try (Checkpoint checkpoint = Checkpoint.open(oracle.checkpoint())) {
      List<float[]> one =
          MeshTest.run(
              checkpoint,
              MeshTest.options(Compute.AUTO, 1, Placement.Mode.TENSOR),
              oracle.inputIds());
      List<float[]> several =
          MeshTest.run(
              checkpoint, MeshTest.options(Compute.AUTO, devices, mode), oracle.inputIds());
      MeshTest.assertEqualRows(one, several, devices + " devices, " + mode);
    }
  }

  /** Copies and waits are the GPU's; its host looks at no more than the experts chosen. */
  @Test
  void noStepWaitsForAllThatAGpuHasToDo() throws IOException {
    Oracle oracle = ORACLES.folder("qwen3-moe");
    int[] ids = oracle.inputIds();
    try (Checkpoint checkpoint = Checkpoint.open(oracle.checkpoint());
        Engine engine =
            Engine.load(checkpoint, MeshTest.options(Compute.AUTO, 2, Placement.Mode.TENSOR));
        Session session = engine.newSession()) {
      session.append(ids[0]);
      long before = EmulatedRuntime.waits();
      session.append(ids[1]);
      assertEquals(0, EmulatedRuntime.waits() - before);
    }
  }
}

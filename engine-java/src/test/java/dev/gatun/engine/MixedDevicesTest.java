// MixedDevicesTest: a GPU and the CPU together compute what the oracles do.
package dev.gatun.engine;

import static dev.gatun.engine.Resources.ORACLES;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.device.DeviceChoice;
import dev.gatun.graph.Compute;
import dev.gatun.load.EngineOptions;
import dev.gatun.load.Mesh;
import dev.gatun.shard.Placement;
import dev.gatun.verify.Divergence;
import dev.gatun.verify.Oracle;
import dev.gatun.weights.Checkpoint;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Their bits differ, since the two add in other orders. */
@Tag("emulated")
class MixedDevicesTest {
  private static final float LOGITS = 2e-4f; // as in OracleTest

  @ParameterizedTest
  @EnumSource
  void bothOrdersOfDevicesAgreeWithTheOracle(Placement.Mode mode) throws IOException {
    DeviceChoice gpu = DeviceUnderTest.choice();
    DeviceChoice cpu = DeviceChoice.cpu().withThreads(1);
    for (String model : List.of("deepseek-v3", "qwen3-moe")) {
      agrees(ORACLES.folder(model), gpu, new Mesh(List.of(cpu), mode));
      agrees(ORACLES.folder(model), cpu, new Mesh(List.of(gpu), mode));
    }
  }

  private static void agrees(Oracle oracle, DeviceChoice first, Mesh mesh) {
    EngineOptions options =
        EngineOptions.defaults()
            .withDevice(first)
            .withMesh(mesh)
            .withCompute(Compute.F32)
            .withContext(0);
    float[] expected = oracle.floats("logits");
    int[] ids = oracle.inputIds();
    try (Checkpoint checkpoint = Checkpoint.open(oracle.checkpoint());
        Engine engine = Engine.load(checkpoint, options);
        Session session = engine.newSession()) {
      float[] logits = floats(session.append(ids));
      int last = (ids.length - 1) * logits.length;
      for (int i = 0; i < logits.length; i++) {
        float difference = Math.abs(logits[i] - expected[last + i]);
        assertTrue(difference <= LOGITS, mesh.mode() + ", first " + first + ": " + difference);
      }
      int[] greedy = new int[oracle.greedy().length];
      for (int i = 0; i < greedy.length; i++) {
        greedy[i] = Divergence.argmax(logits);
        logits = floats(session.append(greedy[i]));
      }
      assertArrayEquals(oracle.greedy(), greedy);
    }
  }

  private static float[] floats(MemorySegment logits) {
    return logits.toArray(ValueLayout.JAVA_FLOAT);
  }
}

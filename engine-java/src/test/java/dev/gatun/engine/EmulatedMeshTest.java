// EmulatedMeshTest: a model over several GPUs of one process gives the bits of one.
package dev.gatun.engine;

import static dev.gatun.engine.Resources.ORACLES;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.device.EmulatedRuntime;
import dev.gatun.graph.Compute;
import dev.gatun.load.EngineOptions;
import dev.gatun.load.RankLoad;
import dev.gatun.load.Transport;
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
    "deepseek-v3, 2, TENSOR, HOST",
    "deepseek-v3, 2, EXPERT, PEER",
    "deepseek-v3, 2, LAYER, PEER",
    "deepseek-v3, 3, HYBRID, PEER",
    "qwen3-moe, 4, TENSOR, PEER",
    "qwen3-moe, 2, EXPERT, HOST",
    "qwen2, 2, TENSOR, PEER",
    "deepseek-v3, 3, DATA, PEER",
    "qwen3-moe, 2, DATA, HOST"
  })
  void devicesDoNotChangeABit(String model, int devices, Placement.Mode mode, Transport transport)
      throws IOException {
    Oracle oracle = ORACLES.folder(model);
    try (Checkpoint checkpoint = Checkpoint.open(oracle.checkpoint())) {
      List<float[]> one =
          MeshTest.run(
              checkpoint,
              MeshTest.options(Compute.AUTO, 1, Placement.Mode.TENSOR),
              oracle.inputIds());
      List<float[]> several =
          MeshTest.run(checkpoint, options(devices, mode, transport), oracle.inputIds());
      MeshTest.assertEqualRows(one, several, devices + " devices, " + mode + ", " + transport);
    }
  }

  private static EngineOptions options(int devices, Placement.Mode mode, Transport transport) {
    EngineOptions options = MeshTest.options(Compute.AUTO, devices, mode);
    return options.withMesh(options.mesh().withTransport(transport));
  }

  /** On each rank. */
  private static List<RankLoad> loaded(Checkpoint checkpoint, Transport transport) {
    try (Engine engine =
        Engine.load(checkpoint, options(3, Placement.Mode.TENSOR, transport).withBatch(64, 64))) {
      assertEquals(transport, engine.transport().transport());
      return engine.ranks();
    }
  }

  @Test
  void memoryThatGpusReadOfEachOtherIsPlanned() throws IOException {
    try (Checkpoint checkpoint = Checkpoint.open(ORACLES.folder("deepseek-v3").checkpoint())) {
      List<RankLoad> host = loaded(checkpoint, Transport.HOST);
      List<RankLoad> peer = loaded(checkpoint, Transport.PEER);
      for (int rank = 0; rank < host.size(); rank++) {
        long lent = peer.get(rank).planned() - host.get(rank).planned();
        assertTrue(lent > 0);
        assertEquals(lent, peer.get(rank).allocated() - host.get(rank).allocated());
      }
    }
  }

  /** Copies and waits are the GPU's; its host looks at no more than the experts chosen. */
  @ParameterizedTest
  @CsvSource({"TENSOR, HOST", "TENSOR, PEER", "DATA, HOST", "DATA, PEER"})
  void noStepWaitsForAllThatAGpuHasToDo(Placement.Mode mode, Transport transport)
      throws IOException {
    Oracle oracle = ORACLES.folder("qwen3-moe");
    int[] ids = oracle.inputIds();
    try (Checkpoint checkpoint = Checkpoint.open(oracle.checkpoint());
        Engine engine = Engine.load(checkpoint, options(2, mode, transport));
        Session session = engine.newSession()) {
      session.append(ids[0]);
      long before = EmulatedRuntime.waits();
      session.append(ids[1]);
      assertEquals(0, EmulatedRuntime.waits() - before);
    }
  }
}

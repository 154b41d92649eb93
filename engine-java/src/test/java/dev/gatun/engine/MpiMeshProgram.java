// MpiMeshProgram: what a rank does in MpiMeshTest; each process of mpirun runs it.
package dev.gatun.engine;

import static dev.gatun.engine.Resources.ORACLES;

import dev.gatun.device.DeviceChoice;
import dev.gatun.graph.Compute;
import dev.gatun.load.EngineOptions;
import dev.gatun.load.Mesh;
import dev.gatun.ranks.MpiRanks;
import dev.gatun.shard.Placement;
import dev.gatun.verify.Oracle;
import dev.gatun.weights.Checkpoint;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;

/** Rank 0 holds the logits of all ranks together against its own alone, and says what it found. */
final class MpiMeshProgram {
  static final List<String> MODELS =
      List.of("deepseek-v3", "deepseek-v3-fp8", "qwen3-moe", "qwen2");

  private MpiMeshProgram() {}

  public static void main(String[] arguments) throws IOException {
    MpiRanks ranks =
        MpiRanks.ofLauncher("test", refusal -> System.err.println(refusal.getMessage()))
            .orElseThrow();
    for (String model : MODELS) {
      Oracle oracle = ORACLES.folder(model);
      try (Checkpoint checkpoint = Checkpoint.open(oracle.checkpoint())) {
        for (Placement.Mode mode : Placement.Mode.values()) {
          if (MeshTest.fits(checkpoint.config(), mode, ranks.size())) {
            compare(ranks, checkpoint, mode, oracle.inputIds(), model);
          }
        }
      }
    }
    ranks.close();
  }

  private static void compare(
      MpiRanks ranks, Checkpoint checkpoint, Placement.Mode mode, int[] ids, String model) {
    for (Compute compute : List.of(Compute.F32, Compute.AUTO)) {
      EngineOptions alone =
          EngineOptions.defaults()
              .withDevice(DeviceChoice.cpu().withThreads(1))
              .withCompute(compute)
              .withContext(0)
              .withLogitRows(256);
      EngineOptions together = alone.withMesh(Mesh.ofProcesses(mode, ranks));
      if (ranks.rank() > 0) {
        Engine.follow(checkpoint, together);
        continue;
      }
      List<float[]> expected = MeshTest.run(checkpoint, alone, ids);
      List<float[]> found = MeshTest.run(checkpoint, together, ids);
      boolean same = expected.size() == found.size();
      for (int i = 0; same && i < expected.size(); i++) {
        same = Arrays.equals(expected.get(i), found.get(i));
      }
      System.out.println((same ? "same " : "other ") + model + " " + mode + " " + compute);
    }
  }
}

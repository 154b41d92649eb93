// MpiMeshProgram: what a rank does in MpiMeshTest; each process of mpirun runs it.
package dev.gatun.engine;

import dev.gatun.graph.Compute;
import dev.gatun.load.EngineOptions;
import dev.gatun.load.Mesh;
import dev.gatun.load.Transport;
import dev.gatun.ranks.MpiRanks;
import dev.gatun.refusal.Refusal;
import dev.gatun.shard.Placement;
import dev.gatun.weights.Checkpoint;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Rank 0 holds the logits of all ranks together against its own alone, and says what it found, and
 * how ranks exchange.
 */
final class MpiMeshProgram {
  private static final int[] IDS = IntStream.rangeClosed(1, Integer.getInteger("tokens")).toArray();
  private static final List<Compute> COMPUTES =
      Boolean.getBoolean("f32") ? List.of(Compute.F32, Compute.AUTO) : List.of(Compute.AUTO);
  private static final Optional<Transport> EXCHANGE =
      Optional.ofNullable(System.getProperty("exchange")).map(Transport::valueOf);

  private MpiMeshProgram() {}

  /**
   * @param arguments folders of models
   */
  public static void main(String[] arguments) {
    MpiRanks ranks =
        MpiRanks.ofLauncher("test", refusal -> System.err.println(refusal.getMessage()))
            .orElseThrow();
    try {
      for (String model : arguments) {
        compareAll(ranks, model);
      }
    } catch (Refusal refusal) {
      ranks.end(refusal);
    }
    ranks.close();
  }

  private static void compareAll(MpiRanks ranks, String model) {
    try (Checkpoint checkpoint = Checkpoint.open(Path.of(model))) {
      for (Placement.Mode mode : Placement.Mode.values()) {
        if (MeshTest.fits(checkpoint.config(), mode, ranks.size())) {
          compare(ranks, checkpoint, mode, model);
        }
      }
    }
  }

  /** How often each expert is chosen. */
  private static long[] counted(Checkpoint checkpoint, EngineOptions options) {
    Engine engine = Engine.load(checkpoint, options.withExpertsCounted());
    try (engine;
        Session session = engine.newSession()) {
      session.append(IDS);
    }
    if (engine.ranks().size() > 1) {
      System.out.println("exchange " + engine.transport().transport());
    }
    return engine.expertCounts().orElseThrow().numbers();
  }

  private static void compare(
      MpiRanks ranks, Checkpoint checkpoint, Placement.Mode mode, String model) {
    for (Compute compute : COMPUTES) {
      EngineOptions alone = MeshTest.options(compute, 1, Placement.Mode.TENSOR);
      Mesh mesh = Mesh.ofProcesses(mode, ranks);
      EngineOptions together =
          MeshTest.options(compute, ranks.size(), mode)
              .withMesh(EXCHANGE.map(mesh::withTransport).orElse(mesh));
      boolean counts = compute == COMPUTES.getFirst() && checkpoint.config().moe().isPresent();
      if (ranks.rank() > 0) {
        Engine.follow(checkpoint, together);
        if (counts) {
          Engine.follow(checkpoint, together.withExpertsCounted());
        }
        continue;
      }
      List<float[]> expected = MeshTest.run(checkpoint, alone, IDS);
      List<float[]> found = MeshTest.run(checkpoint, together, IDS);
      boolean same = MeshTest.isMultiple(expected, found);
      for (int i = 0; same && i < found.size(); i++) {
        same = Arrays.equals(expected.get(i % expected.size()), found.get(i));
      }
      if (counts) {
        same &= Arrays.equals(counted(checkpoint, alone), counted(checkpoint, together));
      }
      System.out.println((same ? "same " : "other ") + model + " " + mode + " " + compute);
    }
  }
}

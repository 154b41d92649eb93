// MeshTest: a model over several devices gives the bits of one.
package dev.gatun.engine;

import static dev.gatun.engine.Resources.ORACLES;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.device.DeviceChoice;
import dev.gatun.graph.Compute;
import dev.gatun.load.Batching;
import dev.gatun.load.EngineOptions;
import dev.gatun.load.Mesh;
import dev.gatun.shard.ExpertCounts;
import dev.gatun.shard.ExpertPlacement;
import dev.gatun.shard.ExpertShape;
import dev.gatun.shard.Placement;
import dev.gatun.verify.Oracle;
import dev.gatun.weights.Checkpoint;
import dev.gatun.weights.FeedForwardConfig;
import dev.gatun.weights.ModelConfig;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("cpu")
@Timeout(600)
class MeshTest {
  @TempDir Path folder;

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

  static EngineOptions options(Compute compute, int devices, Placement.Mode mode) {
    DeviceChoice one = DeviceUnderTest.choice().withThreads(1);
    return EngineOptions.defaults()
        .withDevice(one)
        .withCompute(compute)
        .withContext(0)
        .withLogitRows(256)
        .withBatching(Batching.alone().withSequences(sessions(devices, mode)))
        .withMesh(new Mesh(Collections.nCopies(devices - 1, one), mode));
  }

  /** One on each device that has sessions of its own. */
  private static int sessions(int devices, Placement.Mode mode) {
    return mode == Placement.Mode.DATA ? devices : 1;
  }

  /**
   * The logits of a prompt in two parts, and of tokens one by one after it: in a session, or where
   * each device has one in those of the first and the last.
   */
  static List<float[]> run(Checkpoint checkpoint, EngineOptions options, int[] ids) {
    List<float[]> found = new ArrayList<>();
    try (Engine engine = Engine.load(checkpoint, options)) {
      int count = sessions(options.mesh().size(), options.mesh().mode());
      List<Session> sessions =
          IntStream.range(0, count).mapToObj(_ -> engine.newSession()).toList();
      List<Answer> first;
      synchronized (engine.scheduler()) { // It sees all at once, so they go to all devices.
        first = sessions.stream().map(each -> Answers.submit(each, new int[] {ids[0]}, 1)).toList();
      }
      first.forEach(Answers::drawn);
      run(sessions.getFirst(), ids, found);
      if (count > 1) {
        run(sessions.getLast(), ids, found);
      }
      sessions.forEach(Session::close);
    }
    return found;
  }

  private static void run(Session session, int[] ids, List<float[]> found) {
    int half = ids.length / 2;
    session.logits(Arrays.copyOfRange(ids, 1, half), row -> found.add(floats(row)));
    for (int i = half; i < half + 4; i++) {
      found.add(floats(session.append(ids[i])));
    }
    session.logits(Arrays.copyOfRange(ids, half + 4, ids.length), row -> found.add(floats(row)));
  }

  /** Other numbers of devices are refused. */
  static boolean fits(ModelConfig config, Placement.Mode mode, int devices) {
    int experts = config.moe().map(FeedForwardConfig.Routed::experts).orElse(0);
    return switch (mode) {
      case LAYER -> devices <= config.layers();
      case TENSOR, DATA -> true;
      case EXPERT -> experts > 0;
      case HYBRID -> devices - 1 <= experts;
    };
  }

  private static float[] floats(MemorySegment logits) {
    return logits.toArray(ValueLayout.JAVA_FLOAT);
  }

  /** Of one session, and of as many as there are. */
  static void assertEqualRows(List<float[]> one, List<float[]> several, String what) {
    assertTrue(isMultiple(one, several), several.size() + " rows");
    for (int i = 0; i < several.size(); i++) {
      assertArrayEquals(one.get(i % one.size()), several.get(i), i + ": " + what);
    }
  }

  static boolean isMultiple(List<float[]> one, List<float[]> several) {
    return !several.isEmpty() && several.size() % one.size() == 0;
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
            assertEqualRows(one, several, devices + " devices, " + mode);
          }
        }
      }
    }
  }

  /** Experts where chance puts them, some in copies; one device may have none. */
  private static ExpertPlacement random(ExpertShape shape, int devices, Random random) {
    List<List<List<Integer>>> layers = new ArrayList<>();
    for (int layer = 0; layer < shape.layers().size(); layer++) {
      List<List<Integer>> held = new ArrayList<>();
      for (int device = 0; device < devices; device++) {
        held.add(new ArrayList<>());
      }
      for (int expert = 0; expert < shape.experts(); expert++) {
        int copies = 1 + random.nextInt(Math.max(1, devices - 1));
        int first = random.nextInt(devices);
        for (int copy = 0; copy < copies; copy++) {
          held.get((first + copy) % devices).add(expert);
        }
      }
      layers.add(held);
    }
    return new ExpertPlacement(shape, devices, layers);
  }

  /** Made-up counts in which a few experts are chosen most. */
  private static ExpertCounts skewed(ExpertShape shape, Random random) {
    ExpertCounts counts = new ExpertCounts(shape);
    for (int layer : shape.layers()) {
      counts.add(
          layer,
          IntStream.range(0, 500)
              .map(i -> (int) (shape.experts() * Math.pow(random.nextDouble(), 3)))
              .toArray());
    }
    return counts;
  }

  @ParameterizedTest
  @ValueSource(strings = {"deepseek-v3", "qwen3-moe"})
  void placementsDoNotChangeABit(String name) throws IOException {
    Oracle oracle = ORACLES.folder(name);
    try (Checkpoint checkpoint = Checkpoint.open(oracle.checkpoint())) {
      ExpertShape shape = checkpoint.config().expertShape().orElseThrow();
      Random random = new Random(12);
      Path file = folder.resolve("placement.json");
      for (Compute compute : List.of(Compute.F32, Compute.AUTO)) {
        List<float[]> one =
            run(checkpoint, options(compute, 1, Placement.Mode.TENSOR), oracle.inputIds());
        for (int devices : new int[] {2, 5}) {
          ExpertCounts counts = skewed(shape, random);
          int share = Math.ceilDiv(shape.experts(), devices);
          List<ExpertPlacement> placements =
              List.of(
                  random(shape, devices, random),
                  ExpertPlacement.balanced(counts, devices, share + 1, 1, 1),
                  ExpertPlacement.hottestFirst(counts, devices, 2, 1),
                  ExpertPlacement.hottestFirst(counts, devices, shape.experts(), 0));
          for (ExpertPlacement placement : placements) {
            placement.write(file);
            for (Placement.Mode mode : Placement.Mode.values()) {
              if (!fits(checkpoint.config(), mode, devices)) {
                continue;
              }
              EngineOptions options = options(compute, devices, mode);
              List<float[]> several =
                  run(
                      checkpoint,
                      options.withMesh(options.mesh().withExperts(file)),
                      oracle.inputIds());
              assertEqualRows(one, several, placement + ", " + mode);
            }
          }
        }
      }
    }
  }
}

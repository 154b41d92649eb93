// ExpertCountingTest: what routers choose is counted, once, whatever devices run them.
package dev.gatun.engine;

import static dev.gatun.engine.Resources.ORACLES;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.device.DeviceChoice;
import dev.gatun.graph.Compute;
import dev.gatun.load.Batching;
import dev.gatun.load.EngineOptions;
import dev.gatun.load.Mesh;
import dev.gatun.refusal.Refusal;
import dev.gatun.shard.ExpertCounts;
import dev.gatun.shard.ExpertShape;
import dev.gatun.shard.Placement;
import dev.gatun.verify.Oracle;
import dev.gatun.weights.Checkpoint;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Tag("anyDevice")
@Timeout(300)
class ExpertCountingTest {
  private static final int CHOSEN = 2; // of 8, by each token in each of two layers
  private static final ExpertShape SHAPE = new ExpertShape("qwen3_moe", 8, List.of(0, 1));

  private static Oracle oracle() throws IOException {
    return ORACLES.folder("qwen3-moe");
  }

  private static EngineOptions options(int devices, Placement.Mode mode) {
    DeviceChoice one = DeviceUnderTest.choice().withThreads(1);
    return EngineOptions.defaults()
        .withDevice(one)
        .withCompute(Compute.F32)
        .withContext(0)
        .withLogitRows(256)
        .withMesh(new Mesh(Collections.nCopies(devices - 1, one), mode))
        .withExpertsCounted();
  }

  /** By the scores that routers saw: softmax keeps their order, and the lower number wins ties. */
  private static void count(MemorySegment scores, long[] counts) {
    float[] all = scores.toArray(ValueLayout.JAVA_FLOAT);
    for (int row = 0; row < all.length; row += SHAPE.experts()) {
      int first = row;
      IntStream.range(0, SHAPE.experts())
          .boxed()
          .sorted(Comparator.comparingDouble(expert -> -all[first + expert]))
          .limit(CHOSEN)
          .forEach(expert -> counts[expert]++);
    }
  }

  private static long[] counted(ExpertCounts counts, int layer) {
    return IntStream.range(0, SHAPE.experts()).mapToLong(e -> counts.count(layer, e)).toArray();
  }

  @Test
  void countsAreOfWhatTheRoutersSaw() throws IOException {
    int[] ids = oracle().inputIds();
    Map<String, long[]> expected = new HashMap<>();
    try (Checkpoint checkpoint = Checkpoint.open(oracle().checkpoint());
        Engine engine = Engine.load(checkpoint, options(1, Placement.Mode.TENSOR));
        Session session = engine.newSession()) {
      for (int begin = 0; begin < ids.length; begin += 20) {
        session.observe(
            Arrays.copyOfRange(ids, begin, Math.min(ids.length, begin + 20)),
            (mark, data) -> {
              if (mark.startsWith("router.")) {
                count(data, expected.computeIfAbsent(mark, m -> new long[SHAPE.experts()]));
              }
            });
      }
      ExpertCounts counts = engine.expertCounts().orElseThrow();
      assertEquals(SHAPE, counts.shape());
      assertEquals(ids.length, counts.tokens());
      for (int layer : SHAPE.layers()) {
        assertArrayEquals(expected.get("router." + layer), counted(counts, layer));
        assertEquals((long) CHOSEN * ids.length, Arrays.stream(counted(counts, layer)).sum());
      }
    }
  }

  private static ExpertCounts run(Checkpoint checkpoint, EngineOptions options) throws IOException {
    int[] ids = oracle().inputIds();
    Engine engine = Engine.load(checkpoint, options);
    try (engine;
        Session session = engine.newSession()) {
      session.logits(Arrays.copyOf(ids, ids.length - 3), row -> {});
      for (int i = ids.length - 3; i < ids.length; i++) {
        session.append(ids[i]);
      }
    }
    return engine.expertCounts().orElseThrow();
  }

  /** On CPUs: an emulated GPU is for one thread of a process. */
  @Tag("cpu")
  @Test
  void severalDevicesCountAsOne() throws IOException {
    try (Checkpoint checkpoint = Checkpoint.open(oracle().checkpoint())) {
      ExpertCounts one = run(checkpoint, options(1, Placement.Mode.TENSOR));
      for (Placement.Mode mode : Placement.Mode.values()) {
        for (int devices : mode == Placement.Mode.LAYER ? new int[] {2} : new int[] {2, 3}) {
          ExpertCounts several = run(checkpoint, options(devices, mode));
          assertEquals(one.tokens(), several.tokens(), devices + ", " + mode);
          for (int layer : SHAPE.layers()) {
            assertArrayEquals(counted(one, layer), counted(several, layer), devices + ", " + mode);
          }
        }
      }
    }
  }

  /** Where a device records its steps, five or six sequences run as seven: the rest is padding. */
  @Test
  void rowsOfPaddingAreNotCounted() throws Exception {
    EngineOptions options =
        options(1, Placement.Mode.TENSOR)
            .withLogitRows(1)
            .withContext(7 * 64)
            .withBatching(Batching.alone().withSequences(7).withSharedPrefixes(false));
    try (Checkpoint checkpoint = Checkpoint.open(oracle().checkpoint());
        Engine engine = Engine.load(checkpoint, options);
        ExecutorService callers = Executors.newFixedThreadPool(7)) {
      List<Future<?>> answers =
          IntStream.range(0, 7)
              .<Future<?>>mapToObj(i -> callers.submit(() -> answer(engine)))
              .toList();
      for (Future<?> answer : answers) {
        answer.get();
      }
      ExpertCounts counts = engine.expertCounts().orElseThrow();
      assertTrue(counts.tokens() >= 7 * 12, counts.tokens() + " tokens");
      assertEquals(CHOSEN * counts.tokens(), Arrays.stream(counted(counts, 0)).sum());
    }
  }

  private static void answer(Engine engine) {
    try (Session session = engine.newSession()) {
      for (int i = 0; i < 12; i++) {
        session.append(i + 1);
      }
    }
  }

  @Test
  void nothingIsCountedUnasked() throws IOException {
    try (Checkpoint checkpoint = Checkpoint.open(oracle().checkpoint());
        Engine engine =
            Engine.load(
                checkpoint,
                EngineOptions.defaults().withDevice(DeviceUnderTest.choice()).withContext(64))) {
      assertEquals(Optional.empty(), engine.expertCounts());
    }
  }

  @Test
  void aModelWithoutExpertsIsRefused() throws IOException {
    try (Checkpoint checkpoint = Checkpoint.open(ORACLES.folder("llama").checkpoint())) {
      Refusal refusal =
          assertThrows(
              Refusal.class, () -> Engine.load(checkpoint, options(1, Placement.Mode.TENSOR)));
      assertEquals(Refusal.Reason.USAGE, refusal.reason());
      assertTrue(refusal.getMessage().contains("no experts to count"), refusal.getMessage());
    }
  }
}

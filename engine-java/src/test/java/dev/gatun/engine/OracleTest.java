// OracleTest: whole models against the numbers of other implementations.
package dev.gatun.engine;

import static dev.gatun.engine.Resources.ORACLES;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.device.Device;
import dev.gatun.device.Isa;
import dev.gatun.graph.Compute;
import dev.gatun.load.EngineOptions;
import dev.gatun.verify.Divergence;
import dev.gatun.verify.Oracle;
import dev.gatun.weights.Checkpoint;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

@Tag("anyDevice")
class OracleTest {
  /** A perturbation of the weights of 3e-7 moves the oracles' logits by about 2e-5. */
  private static final float LOGITS = 2e-4f;

  /**
   * Mean KL divergence a token; other engines' default compute is at 1e-4 to 1e-3 on these models.
   */
  private static final double KL_F32 = 1e-6;

  private static final double KL_INT8 = 1e-3;

  static List<String> folders() throws IOException {
    return ORACLES.folders();
  }

  static List<String> ggufs() throws IOException {
    return ORACLES.ggufs();
  }

  @Test
  void noOracleIsMissing() throws IOException {
    assertEquals(9, folders().size());
    assertEquals(17, ggufs().size());
  }

  @ParameterizedTest
  @MethodSource("folders")
  void folderAgreesLayerByLayer(String name) throws IOException {
    Oracle oracle = ORACLES.folder(name);
    Map<String, float[]> seen = new LinkedHashMap<>();
    try (Checkpoint checkpoint = Checkpoint.open(oracle.checkpoint());
        Engine engine = Engine.load(checkpoint, options(Compute.F32));
        Session session = engine.newSession()) {
      session.observe(
          oracle.inputIds(),
          (mark, data) -> {
            if (isKnown(mark)) {
              seen.put(mark, floats(data));
            }
          });
    }
    assertEquals(engineMarks(oracle), seen.size());
    for (Map.Entry<String, float[]> mark : seen.entrySet()) {
      float difference = largestDifference(oracle.floats(mark.getKey()), mark.getValue());
      assertTrue(difference <= LOGITS, mark.getKey() + " is the first to differ, by " + difference);
    }
  }

  @ParameterizedTest
  @MethodSource("folders")
  void greedyTokensAreEqual(String name) throws IOException {
    Oracle oracle = ORACLES.folder(name);
    try (Checkpoint checkpoint = Checkpoint.open(oracle.checkpoint());
        Engine engine = Engine.load(checkpoint, options(Compute.F32));
        Session session = engine.newSession()) {
      int[] greedy = new int[oracle.greedy().length];
      assertTrue(greedy.length > 0, "the oracle knows no tokens");
      MemorySegment logits = session.append(oracle.inputIds());
      for (int i = 0; i < greedy.length; i++) {
        greedy[i] = Divergence.argmax(floats(logits));
        logits = session.append(greedy[i]);
      }
      assertArrayEquals(oracle.greedy(), greedy);
    }
  }

  @ParameterizedTest
  @MethodSource("ggufs")
  void ggufAgrees(String name) throws IOException {
    Oracle oracle = ORACLES.gguf(name);
    float[] expected = oracle.floats("logits");
    float[] exact = logits(oracle, options(Compute.F32), 512);
    assertTrue(
        largestDifference(expected, exact) <= LOGITS,
        () -> "logits differ by " + largestDifference(expected, exact));
    int tokens = oracle.inputIds().length;
    double divergence = divergence(expected, exact, tokens);
    assertTrue(divergence <= KL_F32, "KL divergence " + divergence);
    double ofDefault = divergence(expected, logits(oracle, options(Compute.AUTO), 512), tokens);
    assertTrue(ofDefault <= KL_INT8, "KL divergence of the default compute " + ofDefault);
  }

  @ParameterizedTest
  @MethodSource("ggufs")
  void threadsAndChunksDoNotChangeABit(String name) throws IOException {
    Oracle oracle = ORACLES.gguf(name);
    for (Compute compute : List.of(Compute.AUTO, Compute.F32)) {
      float[] reference = logits(oracle, options(compute), 512);
      for (int chunk : new int[] {1, 7, 33}) {
        float[] chunked = logits(oracle, options(compute).withThreads(3), chunk);
        assertArrayEquals(reference, chunked, "chunks of " + chunk + ", " + compute);
      }
    }
  }

  @Tag("cpu")
  @ParameterizedTest
  @MethodSource("ggufs")
  void instructionSetsDoNotChangeABit(String name) throws IOException {
    Oracle oracle = ORACLES.gguf(name);
    for (Compute compute : List.of(Compute.AUTO, Compute.F32)) {
      float[] reference = logits(oracle, options(compute), 512);
      for (Isa isa : machineHas()) {
        float[] forced = logits(oracle, options(compute).withIsa(isa), 512);
        assertArrayEquals(reference, forced, isa + ", " + compute);
      }
    }
  }

  private static List<Isa> machineHas() {
    Isa best = Device.bestIsa();
    return Arrays.stream(Isa.values())
        .filter(isa -> isa != Isa.BEST && isa.compareTo(best) <= 0)
        .toList();
  }

  private static EngineOptions options(Compute compute) {
    return EngineOptions.defaults()
        .withDevice(DeviceUnderTest.choice())
        .withThreads(2)
        .withCompute(compute)
        .withLogitRows(512);
  }

  private static int engineMarks(Oracle oracle) {
    return (int) oracle.tensors().keySet().stream().filter(OracleTest::isKnown).count();
  }

  /** Whether oracles have it. */
  private static boolean isKnown(String mark) {
    return mark.startsWith("hidden.") || mark.equals("logits");
  }

  private static float[] logits(Oracle oracle, EngineOptions options, int chunk) {
    List<float[]> rows = new ArrayList<>();
    try (Checkpoint checkpoint = Checkpoint.open(oracle.checkpoint());
        Engine engine = Engine.load(checkpoint, options.withBatch(chunk, chunk));
        Session session = engine.newSession()) {
      session.logits(oracle.inputIds(), data -> rows.add(floats(data)));
    }
    float[] all = new float[rows.stream().mapToInt(part -> part.length).sum()];
    int at = 0;
    for (float[] part : rows) {
      System.arraycopy(part, 0, all, at, part.length);
      at += part.length;
    }
    return all;
  }

  private static float[] floats(MemorySegment segment) {
    return segment.toArray(ValueLayout.JAVA_FLOAT);
  }

  private static float largestDifference(float[] expected, float[] actual) {
    assertEquals(expected.length, actual.length);
    float largest = 0;
    for (int i = 0; i < expected.length; i++) {
      float difference = Math.abs(expected[i] - actual[i]);
      // NaN compares false with everything, so it must be caught by name.
      largest = Float.isNaN(difference) ? Float.POSITIVE_INFINITY : Math.max(largest, difference);
    }
    return largest;
  }

  private static double divergence(float[] expected, float[] actual, int tokens) {
    int vocab = expected.length / tokens;
    Divergence divergence = new Divergence();
    for (int t = 0; t < tokens; t++) {
      divergence.add(row(expected, t, vocab), row(actual, t, vocab), -1);
    }
    return divergence.kl();
  }

  private static float[] row(float[] all, int row, int vocab) {
    return Arrays.copyOfRange(all, row * vocab, (row + 1) * vocab);
  }
}

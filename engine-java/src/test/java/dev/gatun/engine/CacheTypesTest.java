// CacheTypesTest: what rounding the cache costs a model, for every type.
package dev.gatun.engine;

import static dev.gatun.engine.Resources.ORACLES;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.graph.Compute;
import dev.gatun.kv.CacheTypes;
import dev.gatun.load.EngineOptions;
import dev.gatun.verify.Divergence;
import dev.gatun.verify.Oracle;
import dev.gatun.weights.Checkpoint;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CacheTypesTest {
  /**
   * Bounds on the KL divergence, which grows with the square of the rounding. Float16 rounds by at
   * most 2^-11 of an element and leaves 5e-8 to 2.3e-7; bfloat16, at 2^-8, 64 times as much,
   * float8, at 2^-4, 256 times that. Steps of 1/127 of a block's largest element leave 4e-5 to
   * 1.5e-4, and steps of 1/8 (127 / 8)^2 = 252 times as much. The best 16 levels of a normal
   * distribution lose 0.0095 of the mean square, 1.5 times as much as those steps of a block whose
   * largest element is 2.2 times the root mean square, the best 8 levels 0.0345. These models are
   * random, so that none of it averages out; of a trained one it is less.
   */
  @ParameterizedTest
  @CsvSource({
    "f16, 5e-7",
    "bf16, 3e-5",
    "f8, 8e-3",
    "q8_0, 3e-4",
    "q4_0, 8e-2",
    "turbo4, 12e-2",
    "turbo3, 44e-2"
  })
  void theCostIsThatOfTheRounding(String type, double bound) throws IOException {
    for (String model : new String[] {"llama", "qwen2", "qwen2-yarn", "qwen3"}) {
      Oracle oracle = ORACLES.folder(model);
      float[] exact = logits(oracle, "f32,f32", 512);
      double keys = divergence(oracle, exact, logits(oracle, type + ",f32", 512));
      double values = divergence(oracle, exact, logits(oracle, "f32," + type, 512));
      double both = divergence(oracle, exact, logits(oracle, type, 512));
      String found =
          String.format(Locale.ROOT, "%s: keys %g, values %g, both %g", model, keys, values, both);
      // A tenth of the bound is what the least sensitive of these models shows.
      assertTrue(bound / 50 < keys && keys < both, found);
      assertTrue(bound / 50 < values && values < both, found);
      assertTrue(both < bound, found);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"bf16", "f8", "q8_0", "q4_0", "q8_0,q4_0", "q4_0,f16", "turbo4", "turbo3"})
  void chunksDoNotChangeABit(String types) throws IOException {
    Oracle oracle = ORACLES.folder("qwen2");
    assertArrayEquals(logits(oracle, types, 512), logits(oracle, types, 7));
  }

  @Test
  void theCacheIsAsLargeAsItsTypes() throws IOException {
    Oracle oracle = ORACLES.folder("llama");
    long ofHalves = cacheBytes(oracle, "f16");
    assertEquals(ofHalves * 2, cacheBytes(oracle, "f32"));
    assertEquals(ofHalves, cacheBytes(oracle, "bf16"));
    assertEquals(ofHalves / 2, cacheBytes(oracle, "f8"));
    assertEquals(ofHalves / 64 * 34, cacheBytes(oracle, "q8_0"));
    assertEquals(ofHalves / 64 * 18, cacheBytes(oracle, "q4_0"));
    assertEquals(ofHalves / 64 * 26, cacheBytes(oracle, "q8_0,q4_0"));
    assertEquals(ofHalves / 64 * 17, cacheBytes(oracle, "turbo4")); // heads of 64 elements
    assertEquals(ofHalves / 64 * 13, cacheBytes(oracle, "turbo3"));
  }

  private static long cacheBytes(Oracle oracle, String types) {
    try (Checkpoint checkpoint = Checkpoint.open(oracle.checkpoint());
        Engine engine = Engine.load(checkpoint, options(types))) {
      return engine.cacheBytes();
    }
  }

  private static double divergence(Oracle oracle, float[] expected, float[] actual) {
    int vocab = expected.length / oracle.inputIds().length;
    Divergence divergence = new Divergence();
    for (int at = 0; at < expected.length; at += vocab) {
      divergence.add(
          Arrays.copyOfRange(expected, at, at + vocab),
          Arrays.copyOfRange(actual, at, at + vocab),
          -1);
    }
    return divergence.kl();
  }

  private static EngineOptions options(String types) {
    return EngineOptions.defaults()
        .withThreads(2)
        .withCompute(Compute.F32)
        .withLogitRows(512)
        .withCache(CacheTypes.parse(types));
  }

  private static float[] logits(Oracle oracle, String types, int chunk) {
    try (Checkpoint checkpoint = Checkpoint.open(oracle.checkpoint());
        Engine engine = Engine.load(checkpoint, options(types).withBatch(chunk, chunk));
        Session session = engine.newSession()) {
      FloatBuffer all = FloatBuffer.allocate(oracle.inputIds().length * engine.config().vocab());
      session.logits(oracle.inputIds(), data -> all.put(data.toArray(ValueLayout.JAVA_FLOAT)));
      return all.array();
    }
  }
}

// DemoModelTest: the default compute of a real model against its own float32 reference, on prose
// and code.
package dev.gatun.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.graph.Compute;
import dev.gatun.hub.DemoModel;
import dev.gatun.kv.CacheTypes;
import dev.gatun.load.CacheLoss;
import dev.gatun.load.EngineOptions;
import dev.gatun.text.Tokenizer;
import dev.gatun.verify.Divergence;
import dev.gatun.weights.Checkpoint;
import dev.gatun.weights.TokenizerSource;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;

class DemoModelTest {
  private static final int TOKENS_EACH = 1000;

  @Test
  void int8ComputeIsCloseToFloat32() throws IOException {
    Divergence divergence = new Divergence();
    try (Checkpoint checkpoint = Checkpoint.open(DemoModel.fetch())) {
      for (String text : List.of("prose.txt", "code.txt")) {
        compare(checkpoint, tokens(checkpoint, text), divergence);
      }
    }
    System.out.printf(
        Locale.ROOT,
        "demo model, int8 against float32 over %d tokens: KL %.2e, same top %.1f %%, perplexity"
            + " x%.4f%n",
        divergence.tokens(),
        divergence.kl(),
        100 * divergence.sameTop(),
        divergence.perplexityRatio());
    assertEquals(2 * TOKENS_EACH, divergence.tokens());
    assertTrue(divergence.kl() <= 1.5e-3, "KL divergence " + divergence.kl());
    assertTrue(divergence.sameTop() >= 0.97, "same top token " + divergence.sameTop());
    assertEquals(1, divergence.perplexityRatio(), 0.005);
  }

  /** What {@link CacheLoss} says is within a half of what is measured here, on fewer tokens. */
  @Test
  void cachesLoseWhatThePlanSays() throws IOException {
    EngineOptions options = EngineOptions.defaults().withCompute(Compute.F32);
    try (Checkpoint checkpoint = Checkpoint.open(DemoModel.fetch())) {
      int[] ids = Arrays.copyOf(tokens(checkpoint, "prose.txt"), 300);
      List<float[]> exact = logits(checkpoint, ids, options);
      for (String types : List.of("q4_0", "turbo4", "q8_0,turbo3", "turbo3")) {
        CacheTypes cache = CacheTypes.parse(types);
        Divergence divergence = new Divergence();
        add(divergence, ids, exact, logits(checkpoint, ids, options.withCache(cache)));
        System.out.printf(
            Locale.ROOT, "demo model, cache of %s: KL %.2e%n", types, divergence.kl());
        double told = CacheLoss.of(cache).divergence();
        assertEquals(told, divergence.kl(), told / 2, types);
      }
    }
  }

  private static int[] tokens(Checkpoint checkpoint, String text) throws IOException {
    TokenizerSource.Gguf source = (TokenizerSource.Gguf) checkpoint.tokenizer();
    String content = Files.readString(Path.of("src/test/resources/text", text));
    int[] ids = Tokenizer.fromGguf(source.metadata()).encode(content, false);
    assertTrue(ids.length >= TOKENS_EACH, text + " has only " + ids.length + " tokens");
    return Arrays.copyOf(ids, TOKENS_EACH);
  }

  private static void compare(Checkpoint checkpoint, int[] ids, Divergence divergence) {
    EngineOptions options = EngineOptions.defaults();
    List<float[]> reference = logits(checkpoint, ids, options.withCompute(Compute.F32));
    add(divergence, ids, reference, logits(checkpoint, ids, options));
  }

  private static List<float[]> logits(Checkpoint checkpoint, int[] ids, EngineOptions options) {
    EngineOptions chunks = options.withContext(TOKENS_EACH).withBatch(250, 250).withLogitRows(250);
    List<float[]> rows = new ArrayList<>();
    try (Engine engine = Engine.load(checkpoint, chunks);
        Session session = engine.newSession()) {
      session.logits(ids, data -> addRows(data, engine.config().vocab(), rows));
    }
    return rows;
  }

  private static void add(
      Divergence divergence, int[] ids, List<float[]> reference, List<float[]> actual) {
    for (int i = 0; i < ids.length; i++) {
      divergence.add(reference.get(i), actual.get(i), i + 1 < ids.length ? ids[i + 1] : -1);
    }
  }

  private static void addRows(MemorySegment rows, int vocab, List<float[]> to) {
    long rowBytes = 4L * vocab;
    for (long at = 0; at < rows.byteSize(); at += rowBytes) {
      to.add(rows.asSlice(at, rowBytes).toArray(ValueLayout.JAVA_FLOAT));
    }
  }
}

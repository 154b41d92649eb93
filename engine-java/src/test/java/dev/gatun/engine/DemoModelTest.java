// DemoModelTest: the default compute of a real model against its own float32 reference, on prose
// and code.
package dev.gatun.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.graph.Compute;
import dev.gatun.hub.DemoModel;
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

  private static int[] tokens(Checkpoint checkpoint, String text) throws IOException {
    TokenizerSource.Gguf source = (TokenizerSource.Gguf) checkpoint.tokenizer();
    String content = Files.readString(Path.of("src/test/resources/text", text));
    int[] ids = Tokenizer.fromGguf(source.metadata()).encode(content, false);
    assertTrue(ids.length >= TOKENS_EACH, text + " has only " + ids.length + " tokens");
    return Arrays.copyOf(ids, TOKENS_EACH);
  }

  private static void compare(Checkpoint checkpoint, int[] ids, Divergence divergence) {
    EngineOptions options =
        EngineOptions.defaults().withContext(TOKENS_EACH).withBatch(250, 250).withLogitRows(250);
    List<float[]> reference = new ArrayList<>();
    try (Engine engine = Engine.load(checkpoint, options.withCompute(Compute.F32));
        Session session = engine.newSession()) {
      session.logits(ids, rows -> addRows(rows, engine.config().vocab(), reference));
    }
    List<float[]> actual = new ArrayList<>();
    try (Engine engine = Engine.load(checkpoint, options);
        Session session = engine.newSession()) {
      session.logits(ids, rows -> addRows(rows, engine.config().vocab(), actual));
    }
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

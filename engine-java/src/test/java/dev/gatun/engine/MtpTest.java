// MtpTest: the layer of multi-token prediction computes what its formulas say.
package dev.gatun.engine;

import static dev.gatun.engine.Resources.ORACLES;
import static dev.gatun.engine.TinyDeepSeek.HIDDEN;
import static dev.gatun.engine.TinyDeepSeek.LAYERS;
import static dev.gatun.engine.TinyDeepSeek.VOCAB;
import static dev.gatun.engine.TinyDeepSeek.assertClose;
import static dev.gatun.engine.TinyDeepSeek.floats;
import static dev.gatun.engine.TinyDeepSeek.options;
import static dev.gatun.engine.TinyDeepSeek.random;
import static dev.gatun.engine.TinyDeepSeek.row;
import static dev.gatun.engine.TinyDeepSeek.rows;
import static dev.gatun.engine.TinyDeepSeek.tensors;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.graph.Compute;
import dev.gatun.load.EngineOptions;
import dev.gatun.refusal.Refusal;
import dev.gatun.verify.Divergence;
import dev.gatun.verify.Oracle;
import dev.gatun.weights.Checkpoint;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * No oracle has the layer, so it is made: the block of the model's last layer, and random weights
 * around it. Expected is what {@link DeepSeekReference} makes of the oracle's last hidden states;
 * its block is held against the oracle's own.
 */
@Tag("anyDevice")
class MtpTest {
  private static final String LAST = "model.layers." + (LAYERS - 1) + ".";
  private static final String MTP = "model.layers." + LAYERS + ".";

  private static final double KL = 1e-3;

  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource({"deepseek-v3", "deepseek-v3-fp8"})
  void theReferencesBlockIsTransformers(String name) throws IOException {
    Oracle oracle = ORACLES.folder(name);
    double[][] found =
        new DeepSeekReference(tensors(oracle)).block(rows(oracle.floats("hidden.1"), HIDDEN), 1);
    assertClose(rows(oracle.floats("hidden.2"), HIDDEN), floats(found), "hidden.2");
  }

  @ParameterizedTest
  @CsvSource({"deepseek-v3, false", "deepseek-v3, true", "deepseek-v3-fp8, false"})
  void predictsTheTokenBehindTheNext(String name, boolean own) throws IOException {
    Oracle oracle = ORACLES.folder(name);
    Map<String, Oracle.Stored> tensors = withMtp(tensors(oracle), own);
    int[] ids = oracle.inputIds();
    double[][] hidden = rows(oracle.floats("hidden." + LAYERS), HIDDEN);
    double[][] expected = new DeepSeekReference(tensors).mtpLogits(ids, hidden, LAYERS);
    Path model = TinyDeepSeek.write(folder, oracle, tensors);
    float[] exact = logits(model, options(Compute.F32), ids);
    assertClose(expected, exact, "logits");
    float[] rounded = logits(model, options(Compute.AUTO), ids);
    Divergence divergence = new Divergence();
    for (int t = 0; t < ids.length - 1; t++) {
      divergence.add(row(exact, t), row(rounded, t), -1);
    }
    assertTrue(divergence.kl() <= KL, "KL divergence of the default compute " + divergence.kl());
  }

  @ParameterizedTest
  @CsvSource({"false", "true"})
  void aGgufFileOfTheSameNumbersPredictsTheSame(boolean own) throws IOException {
    Oracle oracle = ORACLES.folder("deepseek-v3");
    Map<String, Oracle.Stored> tensors = withMtp(tensors(oracle), own);
    Path file = folder.resolve("m.gguf");
    GgufOfDeepSeek.write(tensors, LAYERS + 1).write(file);
    Path model = TinyDeepSeek.write(folder, oracle, tensors);
    int[] ids = oracle.inputIds();
    double[][] expected = rows(logits(model, options(Compute.F32), ids), VOCAB);
    assertClose(expected, logits(file, options(Compute.F32), ids), "logits");
  }

  @Test
  void chunksDoNotChangeABit() throws IOException {
    Oracle oracle = ORACLES.folder("deepseek-v3");
    Path model = TinyDeepSeek.write(folder, oracle, withMtp(tensors(oracle), false));
    float[] reference = logits(model, options(Compute.AUTO), oracle.inputIds());
    for (int chunk : new int[] {1, 7}) {
      EngineOptions options = options(Compute.AUTO).withBatch(chunk, chunk);
      assertArrayEquals(reference, logits(model, options, oracle.inputIds()), "chunks of " + chunk);
    }
  }

  @Test
  void theModelItselfIsTheSameWithIt() throws IOException {
    Oracle oracle = ORACLES.folder("deepseek-v3");
    Path model = TinyDeepSeek.write(folder, oracle, withMtp(tensors(oracle), false));
    List<float[]> found = new ArrayList<>();
    for (boolean mtp : new boolean[] {false, true}) {
      try (Checkpoint checkpoint = Checkpoint.open(model, mtp);
          Engine engine = Engine.load(checkpoint, options(Compute.AUTO));
          Session session = engine.newSession()) {
        assertEquals(LAYERS, engine.config().layers());
        if (mtp) {
          session.mtpLogits(oracle.inputIds(), rows -> {});
          assertEquals(oracle.inputIds().length - 1, session.length());
          session.truncate(0);
        }
        found.add(floats(session.append(oracle.inputIds())));
      }
    }
    assertArrayEquals(found.getFirst(), found.getLast());
  }

  @Test
  void refusesWhatCannotBePredicted() throws IOException {
    Oracle oracle = ORACLES.folder("deepseek-v3");
    int[] ids = oracle.inputIds();
    refused(() -> Checkpoint.open(oracle.checkpoint(), true), "no layer of multi-token prediction");
    refused(() -> Checkpoint.open(ORACLES.folder("qwen3-moe").checkpoint(), true), "no layer");
    refused(() -> Checkpoint.open(ORACLES.gguf("qwen2-q4_0").checkpoint(), true), "no layer");
    Path model = TinyDeepSeek.write(folder, oracle, withMtp(tensors(oracle), false));
    for (boolean mtp : new boolean[] {false, true}) {
      try (Checkpoint checkpoint = Checkpoint.open(model, mtp);
          Engine engine = Engine.load(checkpoint, options(Compute.F32));
          Session session = engine.newSession()) {
        session.append(ids[0]);
        String words = mtp ? "behind 1 in the session" : "loaded without its layer";
        refused(() -> session.mtpLogits(ids, rows -> {}), words);
        session.truncate(0);
        refused(() -> session.mtpLogits(new int[1], rows -> {}), mtp ? "1 tokens" : words);
      }
    }
  }

  private interface Attempt {
    void run() throws IOException;
  }

  private static void refused(Attempt attempt, String words) {
    Refusal refusal = assertThrows(Refusal.class, attempt::run);
    assertEquals(Refusal.Reason.USAGE, refusal.reason());
    assertTrue(refusal.getMessage().contains(words), refusal.getMessage());
  }

  /**
   * @param own whether it has an embedding and a head of its own
   */
  private static Map<String, Oracle.Stored> withMtp(
      Map<String, Oracle.Stored> tensors, boolean own) {
    Map<String, Oracle.Stored> all = new LinkedHashMap<>(tensors);
    tensors.forEach(
        (name, tensor) -> {
          if (name.startsWith(LAST)) {
            all.put(name.replace(LAST, MTP), tensor);
          }
        });
    Random random = new Random(1);
    all.put(MTP + "enorm.weight", random(random, 1, 0.3, HIDDEN));
    all.put(MTP + "hnorm.weight", random(random, 1, 0.3, HIDDEN));
    all.put(MTP + "eh_proj.weight", random(random, 0, 0.06, HIDDEN, 2 * HIDDEN));
    all.put(MTP + "shared_head.norm.weight", random(random, 1, 0.3, HIDDEN));
    if (own) {
      all.put(MTP + "embed_tokens.weight", random(random, 0, 1, VOCAB, HIDDEN));
      all.put(MTP + "shared_head.head.weight", random(random, 0, 0.08, VOCAB, HIDDEN));
    }
    return all;
  }

  private static float[] logits(Path model, EngineOptions options, int[] ids) {
    FloatBuffer all = FloatBuffer.allocate((ids.length - 1) * VOCAB);
    try (Checkpoint checkpoint = Checkpoint.open(model, true);
        Engine engine = Engine.load(checkpoint, options);
        Session session = engine.newSession()) {
      session.mtpLogits(ids, rows -> all.put(floats(rows)));
    }
    assertEquals(0, all.remaining());
    return all.array();
  }
}

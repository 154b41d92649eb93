// DeepSeekBiasTest: a model of DeepSeek-V3's architecture whose attention has biases.
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
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.graph.Compute;
import dev.gatun.refusal.Refusal;
import dev.gatun.verify.Divergence;
import dev.gatun.verify.Oracle;
import dev.gatun.weights.Checkpoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Expected is what {@link DeepSeekReference} computes, which is held against an oracle without. */
@Tag("anyDevice")
class DeepSeekBiasTest {
  private static final double KL = 1e-3;

  @TempDir Path folder;

  @Test
  void theReferenceIsTransformers() throws IOException {
    Oracle oracle = ORACLES.folder("deepseek-v3");
    double[][] found = new DeepSeekReference(tensors(oracle)).logits(oracle.inputIds(), LAYERS);
    assertClose(rows(oracle.floats("logits"), VOCAB), floats(found), "logits");
  }

  @Test
  void addsTheBiasesOfItsProjections() throws IOException {
    Oracle oracle = ORACLES.folder("deepseek-v3");
    Map<String, Oracle.Stored> tensors = biased(oracle);
    int[] ids = oracle.inputIds();
    double[][] expected = new DeepSeekReference(tensors).logits(ids, LAYERS);
    Path model = write(oracle, tensors);
    float[] exact = logits(model, Compute.F32, ids);
    assertClose(expected, exact, "logits");
    float[] rounded = logits(model, Compute.AUTO, ids);
    Divergence divergence = new Divergence();
    for (int t = 0; t < ids.length; t++) {
      divergence.add(row(exact, t), row(rounded, t), -1);
    }
    assertTrue(divergence.kl() <= KL, "KL divergence of the default compute " + divergence.kl());
  }

  @Test
  void refusesBiasesThatAreMissing() throws IOException {
    Oracle oracle = ORACLES.folder("deepseek-v3");
    Path model = write(oracle, tensors(oracle));
    Refusal refusal =
        assertThrows(Refusal.class, () -> logits(model, Compute.F32, oracle.inputIds()));
    String line = refusal.getMessage();
    assertTrue(line.contains("model.layers.0.self_attn.q_a_proj.bias"), line);
  }

  private static Map<String, Oracle.Stored> biased(Oracle oracle) throws IOException {
    Map<String, Oracle.Stored> all = new LinkedHashMap<>(tensors(oracle));
    Random random = new Random(2);
    for (int layer = 0; layer < LAYERS; layer++) {
      String prefix = "model.layers." + layer + ".self_attn.";
      all.put(prefix + "q_a_proj.bias", random(random, 0, 0.5, 96));
      all.put(prefix + "kv_a_proj_with_mqa.bias", random(random, 0, 0.5, 80));
      all.put(prefix + "o_proj.bias", random(random, 0, 0.5, HIDDEN));
    }
    return all;
  }

  private Path write(Oracle oracle, Map<String, Oracle.Stored> tensors) throws IOException {
    TinyDeepSeek.write(folder, oracle, tensors);
    Path config = folder.resolve("config.json");
    String text = Files.readString(config);
    Files.writeString(
        config, text.replace("\"attention_bias\": false", "\"attention_bias\": true"));
    return folder;
  }

  private static float[] logits(Path model, Compute compute, int[] ids) {
    try (Checkpoint checkpoint = Checkpoint.open(model);
        Engine engine = Engine.load(checkpoint, options(compute));
        Session session = engine.newSession()) {
      float[] all = new float[ids.length * VOCAB];
      session.logits(ids, found -> System.arraycopy(floats(found), 0, all, 0, all.length));
      return all;
    }
  }
}

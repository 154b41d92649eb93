// ActOrderTest: a GPTQ model whose MLP units are renumbered, so that its groups interleave, answers
// as before.
package dev.gatun.engine;

import static dev.gatun.engine.Resources.ORACLES;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.graph.Compute;
import dev.gatun.load.EngineOptions;
import dev.gatun.load.Mesh;
import dev.gatun.shard.Placement;
import dev.gatun.verify.Oracle;
import dev.gatun.weights.Checkpoint;
import dev.gatun.weights.SafetensorsWriter;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Renumbering the hidden units of an MLP permutes the outputs of gate and up and the inputs of down
 * alike, and changes nothing else. Down's scales stay with their units, so its g_idx becomes what
 * act-order quantisation writes.
 */
@Tag("anyDevice")
class ActOrderTest {
  private static final int UNITS = 256;
  private static final int HIDDEN = 256;
  private static final int GROUP = 128;

  @TempDir Path folder;

  private static Oracle oracle() throws IOException {
    return ORACLES.folder("qwen2-gptq");
  }

  /** The oracle's checkpoint in act-order. */
  private Checkpoint renumbered() throws IOException {
    Oracle oracle = oracle();
    Map<String, Oracle.Stored> tensors =
        new TreeMap<>(Oracle.stored(oracle.checkpoint().resolve("model.safetensors")));
    for (int layer = 0; layer < 2; layer++) {
      renumber(tensors, "model.layers." + layer + ".mlp.", order(layer));
    }
    SafetensorsWriter file = new SafetensorsWriter();
    tensors.forEach((name, t) -> file.tensor(name, t.dtype(), t.bytes(), t.shape()));
    file.write(folder.resolve("model.safetensors"));
    Files.copy(oracle.checkpoint().resolve("config.json"), folder.resolve("config.json"));
    Checkpoint checkpoint = Checkpoint.open(folder);
    var down = checkpoint.weight("model.layers.0.mlp.down_proj.weight");
    assertFalse(down.group().orElseThrow().groupIndex().isEmpty(), "not in act-order");
    return checkpoint;
  }

  private static float[] logits(Checkpoint checkpoint, int devices) throws IOException {
    EngineOptions options =
        EngineOptions.defaults()
            .withDevice(DeviceUnderTest.choice().withThreads(1))
            .withCompute(Compute.F32)
            .withLogitRows(512)
            .withMesh(
                new Mesh(
                    Collections.nCopies(devices - 1, DeviceUnderTest.choice().withThreads(1)),
                    Placement.Mode.TENSOR));
    try (Engine engine = Engine.load(checkpoint, options);
        Session session = engine.newSession()) {
      List<float[]> rows = new ArrayList<>();
      session.logits(oracle().inputIds(), r -> rows.add(r.toArray(ValueLayout.JAVA_FLOAT)));
      return rows.getFirst();
    }
  }

  @Test
  void renumberedUnitsGiveTheSameLogits() throws IOException {
    float[] expected = oracle().floats("logits");
    try (Checkpoint checkpoint = renumbered()) {
      float[] found = logits(checkpoint, 1);
      for (int i = 0; i < expected.length; i++) {
        float difference = Math.abs(expected[i] - found[i]);
        assertTrue(difference <= 2e-4f, "logit " + i + " differs by " + difference);
      }
    }
  }

  /** On CPUs: an emulated GPU is for one thread of a process. */
  @Tag("cpu")
  @Test
  void devicesDivideTheRowsInThatOrder() throws IOException {
    try (Checkpoint checkpoint = renumbered()) {
      assertArrayEquals(logits(checkpoint, 1), logits(checkpoint, 2));
    }
  }

  private static List<Integer> order(int seed) {
    List<Integer> units = new ArrayList<>();
    for (int unit = 0; unit < UNITS; unit++) {
      units.add(unit);
    }
    Collections.shuffle(units, new Random(seed));
    return units;
  }

  /** New unit u is old unit order[u]. */
  private static void renumber(
      Map<String, Oracle.Stored> tensors, String mlp, List<Integer> order) {
    for (String linear : List.of("gate_proj.", "up_proj.")) {
      permuteColumns(tensors, mlp + linear + "qweight", 4, HIDDEN / 8, order);
      permuteColumns(tensors, mlp + linear + "scales", 2, HIDDEN / GROUP, order);
      permuteNibbles(tensors, mlp + linear + "qzeros", HIDDEN / GROUP, 1, order);
    }
    // Words hold eight units of one output: unit u is nibble u % 8 of row u / 8.
    permuteNibbles(tensors, mlp + "down_proj.qweight", 1, HIDDEN, order);
    ByteBuffer index = little(new byte[4 * UNITS]);
    order.forEach(old -> index.putInt(old / GROUP));
    tensors.computeIfPresent(mlp + "down_proj.g_idx", (name, t) -> withBytes(t, index.array()));
  }

  /** (rows, UNITS) elements of {@code size} bytes. */
  private static void permuteColumns(
      Map<String, Oracle.Stored> tensors, String name, int size, int rows, List<Integer> order) {
    Oracle.Stored stored = tensors.get(name);
    assertEquals(rows * UNITS * size, stored.bytes().length, name);
    byte[] permuted = new byte[stored.bytes().length];
    for (int row = 0; row < rows; row++) {
      for (int unit = 0; unit < UNITS; unit++) {
        int from = (row * UNITS + order.get(unit)) * size;
        System.arraycopy(stored.bytes(), from, permuted, (row * UNITS + unit) * size, size);
      }
    }
    tensors.put(name, withBytes(stored, permuted));
  }

  /** (rows, UNITS / 8, width) words, each of eight units. */
  private static void permuteNibbles(
      Map<String, Oracle.Stored> tensors, String name, int rows, int width, List<Integer> order) {
    Oracle.Stored stored = tensors.get(name);
    assertEquals(rows * UNITS / 8 * width * 4, stored.bytes().length, name);
    ByteBuffer from = little(stored.bytes());
    ByteBuffer to = little(new byte[stored.bytes().length]);
    for (int row = 0; row < rows; row++) {
      for (int column = 0; column < width; column++) {
        for (int unit = 0; unit < UNITS; unit++) {
          int nibble =
              from.getInt(word(row, order.get(unit), width, column)) >>> 4 * (order.get(unit) % 8)
                  & 15;
          int at = word(row, unit, width, column);
          to.putInt(at, to.getInt(at) | nibble << 4 * (unit % 8));
        }
      }
    }
    tensors.put(name, withBytes(stored, to.array()));
  }

  private static int word(int row, int unit, int width, int column) {
    return 4 * ((row * (UNITS / 8) + unit / 8) * width + column);
  }

  private static ByteBuffer little(byte[] bytes) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  private static Oracle.Stored withBytes(Oracle.Stored stored, byte[] bytes) {
    return new Oracle.Stored(stored.dtype(), stored.shape(), bytes);
  }
}

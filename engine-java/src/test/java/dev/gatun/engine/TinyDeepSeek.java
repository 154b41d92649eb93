// TinyDeepSeek: models made of the oracles of DeepSeek-V3, and numbers compared with them.
package dev.gatun.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.gatun.graph.Compute;
import dev.gatun.load.EngineOptions;
import dev.gatun.verify.Oracle;
import dev.gatun.weights.SafetensorsWriter;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;

final class TinyDeepSeek {
  static final int LAYERS = 3;
  static final int HIDDEN = 160;
  static final int VOCAB = 256;

  /** As between an oracle and any device. */
  private static final double LOGITS = 2e-4;

  private TinyDeepSeek() {}

  static Map<String, Oracle.Stored> tensors(Oracle oracle) throws IOException {
    return Oracle.stored(oracle.checkpoint().resolve("model.safetensors"));
  }

  static Oracle.Stored random(Random random, double mean, double deviation, long... shape) {
    int count = (int) Arrays.stream(shape).reduce(1, (a, b) -> a * b);
    ByteBuffer bytes = ByteBuffer.allocate(2 * count).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < count; i++) {
      float value = (float) (mean + deviation * random.nextGaussian());
      bytes.putShort((short) (Float.floatToRawIntBits(value) >>> 16));
    }
    return new Oracle.Stored("BF16", shape, bytes.array());
  }

  static Path write(Path folder, Oracle oracle, Map<String, Oracle.Stored> tensors)
      throws IOException {
    SafetensorsWriter file = new SafetensorsWriter();
    tensors.forEach((name, t) -> file.tensor(name, t.dtype(), t.bytes(), t.shape()));
    Files.copy(oracle.checkpoint().resolve("config.json"), folder.resolve("config.json"));
    file.write(folder.resolve("model.safetensors"));
    return folder;
  }

  static EngineOptions options(Compute compute) {
    return EngineOptions.defaults()
        .withDevice(DeviceUnderTest.choice())
        .withThreads(2)
        .withCompute(compute)
        .withLogitRows(512);
  }

  static float[] floats(MemorySegment rows) {
    return rows.toArray(ValueLayout.JAVA_FLOAT);
  }

  static float[] floats(double[][] rows) {
    double[] all = Arrays.stream(rows).flatMapToDouble(Arrays::stream).toArray();
    float[] floats = new float[all.length];
    for (int i = 0; i < all.length; i++) {
      floats[i] = (float) all[i];
    }
    return floats;
  }

  static double[][] rows(float[] all, int cols) {
    double[][] rows = new double[all.length / cols][cols];
    for (int i = 0; i < all.length; i++) {
      rows[i / cols][i % cols] = all[i];
    }
    return rows;
  }

  static float[] row(float[] all, int row) {
    return Arrays.copyOfRange(all, row * VOCAB, (row + 1) * VOCAB);
  }

  static void assertClose(double[][] expected, float[] found, String what) {
    double[][] rows = rows(found, expected[0].length);
    assertEquals(expected.length, rows.length);
    for (int t = 0; t < rows.length; t++) {
      assertArrayEquals(expected[t], rows[t], LOGITS, what + " of token " + t);
    }
  }
}

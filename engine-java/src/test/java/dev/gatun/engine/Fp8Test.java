// Fp8Test: a model in FP8 computes what the same model computes whose weights were written out in
// float32.
package dev.gatun.engine;

import static dev.gatun.engine.Resources.ORACLES;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.device.DType;
import dev.gatun.device.DeviceChoice;
import dev.gatun.graph.Compute;
import dev.gatun.load.EngineOptions;
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
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * A float8 times its scale is rounded once in both. The CPU adds up both in the same order; on a
 * GPU lanes have other columns of FP8 than of float32, and the default's attention rounds what
 * differs to float16.
 */
@Tag("anyDevice")
class Fp8Test {
  private static final int SIDE = 128;

  /** As between an oracle and any device. */
  private static final float OTHER_ORDER = 2e-4f;

  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource({"qwen2, F32", "qwen2, U8", "qwen3-moe, F32", "qwen3-moe, F8_E8M0"})
  void computesWhatFloat32Weights(String model, String scaleType) throws IOException {
    Oracle oracle = ORACLES.folder(model);
    SafetensorsWriter fp8 = new SafetensorsWriter();
    SafetensorsWriter fp32 = new SafetensorsWriter();
    for (Map.Entry<String, Oracle.Stored> entry :
        Oracle.stored(oracle.checkpoint().resolve("model.safetensors")).entrySet()) {
      String name = entry.getKey();
      Oracle.Stored t = entry.getValue();
      if (name.endsWith("_proj.weight")) {
        quantise(name, t, scaleType, fp8, fp32);
      } else {
        fp8.tensor(name, t.dtype(), t.bytes(), t.shape());
        fp32.tensor(name, t.dtype(), t.bytes(), t.shape());
      }
    }
    String config = Files.readString(oracle.checkpoint().resolve("config.json"));
    String settings =
        "{\"quantization_config\": {\"quant_method\": \"fp8\", \"fmt\": \"e4m3\","
            + " \"activation_scheme\": \"dynamic\", \"weight_block_size\": [128, 128]"
            + (scaleType.equals("F32") ? "}," : ", \"scale_fmt\": \"ue8m0\"},");
    Path quantised = write("fp8", config.replaceFirst("\\{", settings), fp8);
    Path exact = write("fp32", config, fp32);
    try (Checkpoint checkpoint = Checkpoint.open(quantised)) {
      DType type = checkpoint.weight("model.layers.0.self_attn.q_proj.weight").dtype();
      assertEquals(DType.F8, type);
    }
    boolean cpu = DeviceUnderTest.choice().kind() == DeviceChoice.Kind.CPU;
    float bound = cpu ? 0 : OTHER_ORDER;
    for (Compute compute : cpu ? List.of(Compute.values()) : List.of(Compute.F32)) {
      float[] expected = logits(exact, compute, oracle);
      float[] found = logits(quantised, compute, oracle);
      for (int i = 0; i < expected.length; i++) {
        float difference = Math.abs(expected[i] - found[i]);
        assertTrue(difference <= bound, compute + ": logit " + i + " differs by " + difference);
      }
    }
  }

  private Path write(String name, String config, SafetensorsWriter tensors) throws IOException {
    Path made = Files.createDirectory(folder.resolve(name));
    Files.writeString(made.resolve("config.json"), config);
    tensors.write(made.resolve("model.safetensors"));
    return made;
  }

  private static float[] logits(Path model, Compute compute, Oracle oracle) {
    EngineOptions options =
        EngineOptions.defaults()
            .withDevice(DeviceUnderTest.choice())
            .withCompute(compute)
            .withLogitRows(512);
    try (Checkpoint checkpoint = Checkpoint.open(model);
        Engine engine = Engine.load(checkpoint, options);
        Session session = engine.newSession()) {
      List<float[]> rows = new ArrayList<>();
      session.logits(oracle.inputIds(), r -> rows.add(r.toArray(ValueLayout.JAVA_FLOAT)));
      return rows.getFirst();
    }
  }

  /** Writes a weight's codes and scales to the one file, and what they stand for to the other. */
  private static void quantise(
      String name, Oracle.Stored t, String scaleType, SafetensorsWriter fp8, SafetensorsWriter fp32)
      throws IOException {
    int rows = (int) t.shape()[0];
    int cols = (int) t.shape()[1];
    float[] values = floats(t);
    int across = Math.ceilDiv(cols, SIDE);
    int squares = Math.ceilDiv(rows, SIDE) * across;
    boolean powers = !scaleType.equals("F32");
    byte[] codes = new byte[rows * cols];
    ByteBuffer exact = little(4 * rows * cols);
    ByteBuffer scales = little((powers ? 1 : 4) * squares);
    for (int square = 0; square < squares; square++) {
      int top = square / across * SIDE;
      int left = square % across * SIDE;
      float scale = powers ? 0x1p-10f : 1e-3f * (1 + square) / 3;
      if (powers) {
        scales.put((byte) (Math.getExponent(scale) + 127));
      } else {
        scales.putFloat(scale);
      }
      for (int row = top; row < Math.min(rows, top + SIDE); row++) {
        for (int col = left; col < Math.min(cols, left + SIDE); col++) {
          int at = row * cols + col;
          codes[at] = (byte) nearest(values[at] / scale);
          exact.putFloat(4 * at, value(codes[at]) * scale);
        }
      }
    }
    fp8.tensor(name, "F8_E4M3", codes, rows, cols);
    fp8.tensor(name + "_scale_inv", scaleType, scales.array(), squares / across, across);
    fp32.tensor(name, "F32", exact.array(), rows, cols);
  }

  private static float[] floats(Oracle.Stored t) {
    boolean wide = t.dtype().equals("F32");
    ByteBuffer from = ByteBuffer.wrap(t.bytes()).order(ByteOrder.LITTLE_ENDIAN);
    float[] values = new float[t.bytes().length / (wide ? 4 : 2)];
    for (int i = 0; i < values.length; i++) {
      values[i] = wide ? from.getFloat() : Float.intBitsToFloat(from.getShort() << 16);
    }
    return values;
  }

  private static int nearest(float x) {
    int best = 0;
    for (int code = 1; code < 127; code++) {
      if (Math.abs(value(code) - Math.abs(x)) < Math.abs(value(best) - Math.abs(x))) {
        best = code;
      }
    }
    return x < 0 ? best | 128 : best;
  }

  private static float value(int code) {
    int exponent = code >> 3 & 15;
    float size =
        exponent == 0
            ? Math.scalb((float) (code & 7), -9)
            : Math.scalb((float) (8 + (code & 7)), exponent - 10);
    return (code & 128) == 0 ? size : -size;
  }

  private static ByteBuffer little(int bytes) {
    return ByteBuffer.wrap(new byte[bytes]).order(ByteOrder.LITTLE_ENDIAN);
  }
}

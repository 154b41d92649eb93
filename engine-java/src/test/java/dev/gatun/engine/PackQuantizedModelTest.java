// PackQuantizedModelTest: a model whose experts are int4 as compressed-tensors packs them computes
// what the same numbers compute in float32.
package dev.gatun.engine;

import static dev.gatun.engine.Resources.ORACLES;
import static dev.gatun.engine.TinyDeepSeek.VOCAB;
import static dev.gatun.engine.TinyDeepSeek.floats;
import static dev.gatun.engine.TinyDeepSeek.options;
import static dev.gatun.engine.TinyDeepSeek.tensors;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.gatun.device.DType;
import dev.gatun.device.DeviceChoice;
import dev.gatun.graph.Compute;
import dev.gatun.verify.Oracle;
import dev.gatun.weights.Checkpoint;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Experts in groups of 32, all else in bfloat16. */
@Tag("anyDevice")
class PackQuantizedModelTest {
  private static final int GROUP = 32;
  private static final String SETTINGS =
      """
      {"quantization_config": {"quant_method": "compressed-tensors", "format": "pack-quantized",
       "config_groups": {"group_0": {"targets": ["Linear"], "weights": {"num_bits": 4,
       "type": "int", "symmetric": true, "strategy": "group", "group_size": 32}}},
       "ignore": ["re:.*self_attn.*", "re:.*shared_experts.*", "lm_head"]},
      """;

  @TempDir Path packed;
  @TempDir Path exact;

  @Test
  void computesWhatItsNumbersComputeInFloat32() throws IOException {
    Oracle oracle = ORACLES.folder("deepseek-v3");
    Map<String, Oracle.Stored> int4 = new LinkedHashMap<>();
    Map<String, Oracle.Stored> fp32 = new LinkedHashMap<>();
    Random random = new Random(4);
    tensors(oracle)
        .forEach(
            (name, tensor) -> {
              if (name.contains(".mlp.experts.")) {
                quantised(name, tensor.shape(), random, int4, fp32);
              } else {
                int4.put(name, tensor);
                fp32.put(name, tensor);
              }
            });
    TinyDeepSeek.write(exact, oracle, fp32);
    TinyDeepSeek.write(packed, oracle, int4);
    Path config = packed.resolve("config.json");
    Files.writeString(config, Files.readString(config).replaceFirst("\\{", SETTINGS));
    try (Checkpoint checkpoint = Checkpoint.open(packed)) {
      String down = "model.layers.1.mlp.experts.down_proj.weight";
      assertEquals(DType.Q4_0, checkpoint.weight(down).dtype());
    }
    float[] expected = logits(exact, oracle.inputIds());
    float[] found = logits(packed, oracle.inputIds());
    if (DeviceUnderTest.choice().kind() == DeviceChoice.Kind.CPU) {
      assertArrayEquals(expected, found);
    } else { // whose lanes have other columns of int4 than of float32
      assertArrayEquals(expected, found, 2e-4f);
    }
  }

  /** Random codes and scales to the one model, what they stand for to the other. */
  private static void quantised(
      String name,
      long[] shape,
      Random random,
      Map<String, Oracle.Stored> int4,
      Map<String, Oracle.Stored> fp32) {
    int rows = (int) shape[0];
    int cols = (int) shape[1];
    byte[] codes = new byte[rows * cols / 2];
    random.nextBytes(codes);
    ByteBuffer scales = little(rows * cols / GROUP * Short.BYTES);
    ByteBuffer values = little(rows * cols * Float.BYTES);
    for (int i = 0; i < rows * cols; i++) {
      if (i % GROUP == 0) {
        scales.putShort((short) (0x3c00 + random.nextInt(64))); // from 1/128 on
      }
      int code = codes[i / 2] >> (i % 2 == 0 ? 0 : 4) & 15;
      int scale = scales.getShort(i / GROUP * Short.BYTES) << 16;
      values.putFloat((code - 8) * Float.intBitsToFloat(scale));
    }
    int4.put(name + "_packed", new Oracle.Stored("I32", new long[] {rows, cols / 8}, codes));
    long[] groups = {rows, cols / GROUP};
    int4.put(name + "_scale", new Oracle.Stored("BF16", groups, scales.array()));
    byte[] stated = little(16).putLong(rows).putLong(cols).array();
    int4.put(name + "_shape", new Oracle.Stored("I64", new long[] {2}, stated));
    fp32.put(name, new Oracle.Stored("F32", shape, values.array()));
  }

  private static ByteBuffer little(int bytes) {
    return ByteBuffer.wrap(new byte[bytes]).order(ByteOrder.LITTLE_ENDIAN);
  }

  private static float[] logits(Path model, int[] ids) {
    float[] all = new float[ids.length * VOCAB];
    try (Checkpoint checkpoint = Checkpoint.open(model);
        Engine engine = Engine.load(checkpoint, options(Compute.F32));
        Session session = engine.newSession()) {
      session.logits(ids, found -> System.arraycopy(floats(found), 0, all, 0, all.length));
    }
    return all;
  }
}

// PackQuantizedTest: int4 linears of compressed-tensors, against their plain formula.
package dev.gatun.weights;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.gatun.device.DType;
import dev.gatun.device.Queue;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PackQuantizedTest {
  private static final int OUT = 5;
  private static final int IN = 256;
  private static final String SETTINGS =
      """
      , "quantization_config": {"quant_method": "compressed-tensors", "format": "pack-quantized",
       "ignore": ["lm_head"], "config_groups": {"group_0": {"targets": ["Linear"],
       "input_activations": null, "output_activations": null, "weights": {"num_bits": 4,
       "type": "int", "symmetric": true, "strategy": "group", "group_size": 32, "actorder": null}}}}
      """;

  @TempDir Path temp;

  private final Random random = new Random(3);
  private final float[] expected = new float[OUT * IN];

  private Checkpoint open(String settings, SafetensorsWriter tensors) throws IOException {
    Path folder = temp.resolve("m");
    return Checkpoint.open(
        TinyModels.folder(folder, TinyModels.config("qwen2", settings), tensors));
  }

  private static byte[] bytes(int size, java.util.function.Consumer<ByteBuffer> fill) {
    return GgufWriter.bytes(size, fill);
  }

  /** A random linear; {@link #expected} is what it stands for. */
  private SafetensorsWriter linear(int group, String scaleType, String shapeType) {
    int[] codes = random.ints((long) OUT * IN, 0, 16).toArray();
    byte[] packed = new byte[OUT * IN / 2];
    for (int i = 0; i < codes.length; i++) {
      packed[i / 2] |= (byte) (codes[i] << (i % 2 == 0 ? 0 : 4));
    }
    ByteBuffer scales =
        ByteBuffer.allocate(OUT * IN / group * Short.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < OUT * IN / group; i++) {
      float scale = (float) (0.01 * (1 + random.nextDouble()));
      short half = Float.floatToFloat16(scale);
      short brain = (short) (Float.floatToRawIntBits(scale) >>> 16);
      boolean isBrain = scaleType.equals("BF16");
      scales.putShort(isBrain ? brain : half);
      float stored = isBrain ? Float.intBitsToFloat(brain << 16) : Float.float16ToFloat(half);
      for (int k = i * group; k < (i + 1) * group; k++) {
        expected[k] = (codes[k] - 8) * stored;
      }
    }
    byte[] shape =
        shapeType.equals("I64")
            ? bytes(16, b -> b.putLong(OUT).putLong(IN))
            : bytes(8, b -> b.putInt(OUT).putInt(IN));
    return new SafetensorsWriter()
        .tensor("m.weight_packed", "I32", packed, OUT, IN / 8)
        .tensor("m.weight_scale", scaleType, scales.array(), OUT, IN / group)
        .tensor("m.weight_shape", shapeType, shape, 2);
  }

  @ParameterizedTest
  @CsvSource({"32, BF16, I64", "32, F16, I32", "128, BF16, I32"})
  void readsWhatTheFormulaSays(int group, String scaleType, String shapeType) throws IOException {
    SafetensorsWriter tensors = linear(group, scaleType, shapeType).tensor("m.bias", "F16", OUT);
    String settings = SETTINGS.replace("\"group_size\": 32", "\"group_size\": " + group);
    try (Checkpoint model = open(settings, tensors)) {
      assertEquals(2, model.weights().size());
      Weight weight = model.weight("m.weight");
      assertEquals(DType.Q4_0, weight.dtype());
      assertArrayEquals(new long[] {OUT, IN}, weight.shape());
      assertArrayEquals(expected, floats(weight.range()));
      long row = DType.Q4_0.bytes(IN);
      for (int first = 0; first < OUT; first++) {
        // From within a group of several blocks, and to within one.
        ByteRange part = weight.range().slice(first * row + 18, row - 36).slice(18, row - 72);
        int from = first * IN + 64;
        assertArrayEquals(Arrays.copyOfRange(expected, from, from + IN - 128), floats(part));
      }
    }
  }

  private static float[] floats(ByteRange blocks) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment stored = arena.allocate(blocks.bytes(), 64);
      blocks.read(0, stored);
      MemorySegment floats = arena.allocate(blocks.bytes() / 18 * 32 * Float.BYTES, 64);
      Queue.dequantize(DType.Q4_0, stored, floats);
      return floats.toArray(ValueLayout.JAVA_FLOAT);
    }
  }

  @Test
  void refusesScalesThatFloat16CannotHold() throws IOException {
    SafetensorsWriter tensors =
        new SafetensorsWriter()
            .tensor("m.weight_packed", "I32", 1, 4)
            .tensor("m.weight_scale", "BF16", new byte[] {1, 0x30}, 1, 1)
            .tensor("m.weight_shape", "I32", bytes(8, b -> b.putInt(1).putInt(32)), 2);
    try (Checkpoint model = open(SETTINGS, tensors)) {
      ByteRange range = model.weight("m.weight").range();
      Refusals.expect(range::toArray, "m.weight", "scale 4.6929", "float16 cannot hold");
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "pack-quantized|float-quantized|format",
        "\"num_bits\": 4|\"num_bits\": 8|num_bits",
        "\"type\": \"int\"|\"type\": \"float\"|type",
        "\"symmetric\": true|\"symmetric\": false|symmetric",
        "\"strategy\": \"group\"|\"strategy\": \"channel\"|strategy",
        "\"actorder\": null|\"actorder\": \"group\"|actorder",
        "\"group_size\": 32|\"group_size\": 16|group_size",
        "\"input_activations\": null|\"input_activations\": {\"num_bits\": 8}|input_activations",
        "\"group_size\": 32|\"group_size\": 64|m.weight_scale",
        "\"config_groups\"|\"other_groups\"|config_groups",
      })
  void refusesOtherSettings(String from, String to, String words) {
    Refusals.expect(() -> open(SETTINGS.replace(from, to), linear(32, "BF16", "I64")), words);
  }

  @Test
  void refusesPartsThatAreMissingOrMisshapen() {
    SafetensorsWriter codes = new SafetensorsWriter().tensor("m.weight_packed", "I32", OUT, 32);
    Refusals.expect(() -> open(SETTINGS, codes), "m.weight_scale", "missing");
    codes.tensor("m.weight_scale", "BF16", OUT, 7);
    Refusals.expect(() -> open(SETTINGS, codes), "m.weight_shape", "missing");
    byte[] shape = bytes(8, b -> b.putInt(OUT).putInt(IN));
    codes.tensor("m.weight_shape", "I32", shape, 2);
    Refusals.expect(() -> open(SETTINGS, codes), "m.weight_scale", "(5, 7)", "(5, 8)");
    Refusals.expect(
        () -> open("", linear(32, "BF16", "I64")), "m.weight_packed", "quantization_config");
    Refusals.expect(
        () ->
            open(
                SETTINGS,
                linear(32, "BF16", "I64").tensor("m.weight_zero_point", "I32", 1, IN / 32)),
        "m.weight_zero_point");
    Refusals.expect(
        () -> open(SETTINGS, linear(32, "BF16", "I64").tensor("m.weight", "BF16", OUT, IN)),
        "both");
    Refusals.expect(
        () -> open(SETTINGS, new SafetensorsWriter().tensor("norm.weight", "F16", 64)),
        "no tensor is quantised");
  }

  @ParameterizedTest
  @CsvSource({"5, 0, 0", "0, 256, 0", "5, 100, 0", "5, 256, 1"})
  void refusesShapesThatCannotBe(int out, int in, int high) {
    byte[] shape = bytes(16, b -> b.putInt(out).putInt(0).putInt(in).putInt(high));
    SafetensorsWriter tensors =
        new SafetensorsWriter()
            .tensor("m.weight_packed", "I32", OUT, IN / 8)
            .tensor("m.weight_scale", "BF16", OUT, IN / 32)
            .tensor("m.weight_shape", "I64", shape, 2);
    Refusals.expect(() -> open(SETTINGS, tensors), "m.weight_shape", "groups of 32");
  }
}

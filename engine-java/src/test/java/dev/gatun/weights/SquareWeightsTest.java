// SquareWeightsTest: FP8 linears of a folder, alone and as experts, and their weights as floats.
package dev.gatun.weights;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.device.Buffer;
import dev.gatun.device.DType;
import dev.gatun.device.Device;
import dev.gatun.device.DeviceChoice;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SquareWeightsTest {
  private static final String FP8 =
      ", \"quantization_config\": {\"quant_method\": \"fp8\", \"fmt\": \"e4m3\","
          + " \"activation_scheme\": \"dynamic\", \"weight_block_size\": [128, 128]}";
  private static final String UE8M0 = FP8.replace("]}", "], \"scale_fmt\": \"ue8m0\"}");
  private static final String MOE =
      ", \"num_experts\": 3, \"num_experts_per_tok\": 2, \"moe_intermediate_size\": 32";

  @TempDir Path temp;

  private Checkpoint open(String more, SafetensorsWriter tensors) throws IOException {
    String type = more.startsWith(MOE) ? "qwen3_moe" : "qwen2";
    return Checkpoint.open(
        TinyModels.folder(temp.resolve("tiny"), TinyModels.config(type, more), tensors));
  }

  private void refused(String more, SafetensorsWriter tensors, String... words) {
    Refusals.expect(() -> open(more, tensors), words);
  }

  private static SafetensorsWriter linear() {
    return new SafetensorsWriter().tensor("m.weight", "F8_E4M3", 200, 140);
  }

  @Test
  void joinsWeightsWithTheirScales() throws IOException {
    SafetensorsWriter tensors =
        linear().tensor("m.weight_scale_inv", "F32", 2, 2).tensor("m.bias", "BF16", 200);
    try (Checkpoint model = open(FP8, tensors)) {
      Weight weight = model.weight("m.weight");
      assertEquals(DType.F8, weight.dtype());
      assertArrayEquals(new long[] {200, 140}, weight.shape());
      assertEquals(200 * 140 + 16, weight.bytes());
      assertEquals(128, weight.group().orElseThrow().groupSize());
      assertEquals(DType.F32, weight.group().orElseThrow().scaleType());
      assertEquals(2, model.weights().size());
    }
  }

  @Test
  void refusesWhatDoesNotBelongTogether() {
    refused(FP8, linear(), "'m.weight_scale_inv'", "is missing");
    refused(FP8, linear().tensor("m.weight_scale_inv", "F32", 2, 1), "(2, 1)", "(2, 2)");
    refused(FP8, linear().tensor("m.weight_scale_inv", "F32", 4), "(4)", "(2, 2)");
    refused(FP8, linear().tensor("m.weight_scale_inv", "BF16", 2, 2), "is BF16, expected F32");
    refused(FP8, linear().tensor("m.weight_scale_inv", "U8", 2, 2), "scale_fmt");
    refused(FP8, linear().tensor("m.weight_scale_inv", "I8", 2, 2), "dtype", "I8");
    refused(
        FP8,
        new SafetensorsWriter()
            .tensor("m.weight", "F8_E4M3", 4)
            .tensor("m.weight_scale_inv", "F32", 1),
        "expected a matrix");
    refused(
        FP8,
        new SafetensorsWriter()
            .tensor("m.weight", "BF16", 2, 2)
            .tensor("m.weight_scale_inv", "F32", 1, 1),
        "'m.weight', which is BF16");
    refused(
        FP8,
        new SafetensorsWriter().tensor("m.weight_scale_inv", "F32", 1, 1),
        "'m.weight'",
        "missing");
    refused(
        FP8, new SafetensorsWriter().tensor("m.weight", "BF16", 2, 2), "no tensor is quantised");
    refused("", linear(), "'m.weight'", "no quantization_config says how");
    refused(FP8, new SafetensorsWriter().tensor("m.weight", "F8_E5M2", 2, 2), "F8_E5M2");
    refused(UE8M0, new SafetensorsWriter().tensor("m.weight", "U8", 2, 2), "dtype", "U8");
  }

  @ParameterizedTest
  @CsvSource({
    "fmt, \"e5m2\"",
    "activation_scheme, \"static\"",
    "'weight_block_size', '[128, 64]'",
    "weight_block_size, 128",
    "weight_block_size, null",
    "scale_fmt, \"float\""
  })
  void refusesOtherKindsOfFp8(String key, String value) {
    String settings =
        UE8M0.replaceFirst("\"" + key + "\": (\"[^\"]*\"|\\[[^]]*])", "\"" + key + "\": " + value);
    refused(settings, linear().tensor("m.weight_scale_inv", "F32", 2, 2), key);
  }

  @ParameterizedTest
  @CsvSource({"F8_E8M0", "U8"})
  void readsScalesThatAreExponents(String type) throws IOException {
    byte[] exponents = {127, 0, (byte) 254, 120};
    SafetensorsWriter tensors = linear().tensor("m.weight_scale_inv", type, exponents, 2, 2);
    try (Checkpoint model = open(UE8M0, tensors)) {
      ByteRange scales = model.weight("m.weight").group().orElseThrow().scales().getFirst();
      assertEquals(16, scales.bytes());
      assertArrayEquals(new float[] {0x1p-127f, 0x1p127f, 0x1p-7f}, floats(scales.slice(4, 12)));
    }
    exponents[2] = (byte) 255;
    try (Checkpoint model =
        open(UE8M0, linear().tensor("m.weight_scale_inv", type, exponents, 2, 2))) {
      Weight weight = model.weight("m.weight");
      assertEquals(4, FloatRange.of(weight, 0, 0, 128).slice(0, 4).toArray().length);
      Refusals.expect(
          () -> FloatRange.of(weight, 0, 128, 1).toArray(), "m.weight_scale_inv", "scale NaN");
    }
  }

  // Codes count up, so that every one is in every square.
  @Test
  void weightsAsFloatsAreCodesTimesScales() throws IOException {
    byte[] scales =
        GgufWriter.bytes(16, b -> b.putFloat(0.5f).putFloat(3e-4f).putFloat(-2).putFloat(7));
    try (Checkpoint model = open(FP8, linear().tensor("m.weight_scale_inv", "F32", scales, 2, 2))) {
      Weight weight = model.weight("m.weight");
      byte[] codes = weight.range().toArray();
      float[] factors = {0.5f, 3e-4f, -2, 7};
      float[] expected = new float[codes.length];
      for (int i = 0; i < codes.length; i++) {
        expected[i] = value(codes[i]) * factors[i / 140 / 128 * 2 + i % 140 / 128];
      }
      assertArrayEquals(expected, floats(FloatRange.of(weight, 0, 0, 200)));
      assertArrayEquals(
          Arrays.copyOfRange(expected, 120 * 140, 190 * 140),
          floats(FloatRange.of(weight, 0, 120, 70)));
      assertArrayEquals(
          Arrays.copyOfRange(expected, 127 * 140 + 100, 129 * 140 + 3),
          floats(FloatRange.of(weight, 0, 100, 50).slice(4 * (27 * 140 + 100), 4 * (140 + 43))));
    }
  }

  // Rows of squares one by one, with their scales, are the matrix at once.
  @Test
  void packsInPieces() throws IOException {
    SafetensorsWriter tensors =
        new SafetensorsWriter()
            .tensor("m.weight", "F8_E4M3", 300, 140)
            .tensor("m.weight_scale_inv", "F32", GgufWriter.bytes(24, b -> floats(b, 6)), 3, 2);
    try (Checkpoint model = open(FP8, tensors);
        Device device = Device.open(DeviceChoice.cpu().withThreads(1));
        Arena arena = Arena.ofConfined()) {
      MatrixPieces source = new MatrixPieces(model.weight("m.weight"), Optional.empty());
      long bytes = device.queue().packedBytes(source.shape(arena));
      assertArrayEquals(
          packed(source, device, bytes, 1 << 20, 1), packed(source, device, bytes, 1, 3));
    }
  }

  private static void floats(ByteBuffer buffer, int count) {
    for (int i = 0; i < count; i++) {
      buffer.putFloat(1 + i);
    }
  }

  private static byte[] packed(
      MatrixPieces source, Device device, long bytes, long pieceBytes, int expected) {
    try (Arena arena = Arena.ofConfined()) {
      Buffer packed = device.allocate("the weight", bytes, arena);
      List<ReadAhead.Piece> pieces =
          source.of(device.queue(), packed, bytes, pieceBytes, Optional.empty());
      assertEquals(expected, pieces.size());
      ReadAhead.run(pieces, 1);
      MemorySegment read = arena.allocate(bytes);
      device.download(packed, read);
      return read.toArray(ValueLayout.JAVA_BYTE);
    }
  }

  private static float[] floats(ByteRange range) {
    return MemorySegment.ofArray(range.toArray()).toArray(ValueLayout.JAVA_FLOAT_UNALIGNED);
  }

  private static float value(byte code) {
    int exponent = code >> 3 & 15;
    double size =
        (code & 0x7f) == 0x7f
            ? Double.NaN
            : exponent == 0 ? (code & 7) / 512.0 : (8 + (code & 7)) * Math.pow(2, exponent - 10);
    return (float) (code < 0 ? -size : size);
  }

  @Test
  void stacksExperts() throws IOException {
    SafetensorsWriter tensors = new SafetensorsWriter();
    for (int expert = 0; expert < 3; expert++) {
      String name = "model.layers.0.mlp.experts." + expert + ".down_proj.weight";
      byte[] scale = GgufWriter.bytes(4, b -> b.putFloat(2));
      tensors.tensor(name, "F8_E4M3", 64, 32).tensor(name + "_scale_inv", "F32", scale, 1, 1);
    }
    try (Checkpoint model = open(MOE + FP8, tensors)) {
      Weight down = model.weight("model.layers.0.mlp.experts.down_proj.weight");
      assertArrayEquals(new long[] {3, 64, 32}, down.shape());
      assertEquals(3, down.group().orElseThrow().scales().size());
      assertEquals(List.of(), down.group().orElseThrow().zeros());
      Weight written = FloatRange.weight(down);
      assertEquals(DType.F32, written.dtype());
      assertArrayEquals(new long[] {3, 64, 32}, written.shape());
      float[] last = floats(written.data().get(2).slice(4 * 63 * 32, 4 * 32));
      assertEquals(2 * value(down.data().get(2).toArray()[63 * 32]), last[0]);
      assertArrayEquals(last, floats(FloatRange.of(down, 2, 63, 1)));
    }
  }

  @Test
  void randomWeightsAreWeights() {
    try (Checkpoint model = Checkpoint.synthetic("qwen2.5-0.5b:layers=1:type=fp8")) {
      model.materialize();
      Weight weight = model.weight("model.layers.0.mlp.up_proj.weight");
      assertEquals(DType.F8, weight.dtype());
      assertEquals(DType.BF16, model.weight("model.embed_tokens.weight").dtype());
      double squares = 0;
      float[] floats = floats(FloatRange.of(weight, 0, 0, 300));
      for (float each : floats) {
        squares += each * each;
      }
      double deviation = Math.sqrt(squares / floats.length);
      assertTrue(deviation > 0.015 && deviation < 0.027, "deviates by " + deviation);
    }
  }
}

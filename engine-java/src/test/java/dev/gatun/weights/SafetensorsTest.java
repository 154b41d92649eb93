// SafetensorsTest: safetensors headers, good ones and bad ones.
package dev.gatun.weights;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.gatun.device.DType;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SafetensorsTest {

  private static Map<String, Weight> parse(byte[] file) {
    return Safetensors.parse(ByteRange.of(MemorySegment.ofArray(file)), "'x.safetensors'");
  }

  private static Map<String, Weight> parse(String header, int dataBytes) {
    return parse(SafetensorsWriter.file(header, new byte[dataBytes]));
  }

  private static String tensor(String name, String offsets) {
    return "\"%s\": {\"dtype\": \"F32\", \"shape\": [2], \"data_offsets\": %s}"
        .formatted(name, offsets);
  }

  @ParameterizedTest
  @CsvSource({"F32,4", "F16,2", "BF16,2", "I32,4"})
  void readsTensors(String type, int size) {
    byte[] content = GgufWriter.counting(6 * size);
    Map<String, Weight> read =
        parse(
            new SafetensorsWriter()
                .entry("\"__metadata__\": {\"format\": \"pt\"}")
                .tensor("first", "BF16", 5)
                .tensor("second", type, content, 2, 3)
                .tensor("none", type, new byte[0], 0, 3)
                .bytes());
    assertEquals(List.of("first", "second", "none"), List.copyOf(read.keySet()));
    assertEquals(DType.valueOf(type), read.get("second").dtype());
    assertArrayEquals(new long[] {2, 3}, read.get("second").shape());
    assertArrayEquals(content, read.get("second").range().toArray());
  }

  @Test
  void refusesEveryTruncation() {
    byte[] file = new SafetensorsWriter().tensor("a", "F32", 2).tensor("b", "F32", 3).bytes();
    for (int length = 0; length < file.length; length++) {
      byte[] cut = Arrays.copyOf(file, length);
      Refusals.expect(() -> parse(cut), "x.safetensors");
    }
    Refusals.expect(
        () -> parse(Arrays.copyOf(file, file.length + 1)), "21 bytes of data, expected 20");
  }

  @ParameterizedTest
  @ValueSource(longs = {-1, Long.MIN_VALUE, Long.MAX_VALUE, 1L << 32, 1000})
  void refusesHeadersBeyondTheFile(long length) {
    byte[] file = new SafetensorsWriter().tensor("a", "F32", 2).bytes();
    System.arraycopy(GgufWriter.bytes(8, b -> b.putLong(length)), 0, file, 0, 8);
    Refusals.expect(() -> parse(file), Long.toUnsignedString(length));
  }

  @Test
  void refusesTensorsInTheWrongPlace() {
    assertEquals(
        2, parse("{" + tensor("b", "[8, 16]") + "," + tensor("a", "[0, 8]") + "}", 16).size());
    Refusals.expect(
        () -> parse("{" + tensor("a", "[0, 8]") + "," + tensor("b", "[4, 12]") + "}", 16),
        "'b'",
        "begins at byte 4");
    Refusals.expect(
        () -> parse("{" + tensor("a", "[0, 8]") + "," + tensor("b", "[12, 20]") + "}", 20),
        "begins at byte 12");
    Refusals.expect(
        () -> parse("{" + tensor("a", "[0, 8]") + "," + tensor("b", "[0, 8]") + "}", 8),
        "begins at byte 0");
    Refusals.expect(
        () -> parse("{" + tensor("a", "[0, 8]") + "}", 12), "12 bytes of data, expected 8");
    Refusals.expect(
        () -> parse("{" + tensor("a", "[0, 8]") + "}", 4), "4 bytes of data, expected 8");
    Refusals.expect(
        () -> parse("{" + tensor("a", "[9223372036854775800, 9223372036854775808]") + "}", 8),
        "data_offsets");
    Refusals.expect(() -> parse("{" + tensor("a", "[8, 0]") + "}", 8), "data_offsets");
    Refusals.expect(() -> parse("{" + tensor("a", "[-8, 0]") + "}", 8), "data_offsets");
    Refusals.expect(() -> parse("{" + tensor("a", "[0, 9]") + "}", 9), "8 bytes for F32(2)");
    Refusals.expect(() -> parse("{" + tensor("a", "[0]") + "}", 8), "data_offsets");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "[]",
        "null",
        "",
        "{",
        "{\"a\": 1}",
        "{\"a\": null}",
        "{\"a\": {}}",
        "{\"a\": {\"dtype\": \"F32\"}}",
        "{\"a\": {\"dtype\": 5, \"shape\": [], \"data_offsets\": [0, 4]}}",
        "{\"a\": {\"dtype\": \"F32\", \"shape\": [1.5], \"data_offsets\": [0, 4]}}",
        "{\"a\": {\"dtype\": \"F32\", \"shape\": [-1], \"data_offsets\": [0, 4]}}",
        "{\"a\": {\"dtype\": \"F32\", \"shape\": [4294967296, 4294967296], \"data_offsets\": [0,"
            + " 0]}}",
        "{\"a\": {\"dtype\": \"F32\", \"shape\": [1,1,1,1,1,1,1,1,1], \"data_offsets\": [0, 4]}}",
        "{\"a\": {\"dtype\": \"F32\", \"shape\": [1e999], \"data_offsets\": [0, 4]}}",
        "{\"a\": {\"dtype\": \"F32\", \"shape\": \"big\", \"data_offsets\": [0, 4]}}",
        "{} {}"
      })
  void refusesOtherHeaders(String header) {
    Refusals.expect(() -> parse(header, 4), "x.safetensors");
  }

  @Test
  void refusesJsonBombs() {
    Refusals.expect(() -> parse("{\"a\":".repeat(100_000), 0), "x.safetensors", "JSON");
    Refusals.expect(() -> parse("{\"a\": " + "[".repeat(1_000_000), 0), "x.safetensors", "JSON");
    Refusals.expect(
        () -> parse("{\"a\": " + "9".repeat(1_000_000) + "}", 0), "x.safetensors", "JSON");
    Refusals.expect(
        () -> parse("{" + tensor("a", "[0, 8]") + "," + tensor("a", "[0, 8]") + "}", 8),
        "uplicate");
  }

  @ParameterizedTest
  @ValueSource(strings = {"F8_E5M2", "F4", "F64", "I64", "I8", "U8", "BOOL", "Q4_0", "AWQ", "bf16"})
  void refusesOtherTypes(String type) {
    String header =
        "{\"layer.w\": {\"dtype\": \"%s\", \"shape\": [1], \"data_offsets\": [0, 8]}}"
            .formatted(type);
    Refusals.expect(() -> parse(header, 8), "layer.w", type, "BF16, F16, F32");
  }
}

// GgufFileTest: GGUF headers, good ones and bad ones.
package dev.gatun.weights;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.gatun.device.DType;
import java.lang.foreign.MemorySegment;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class GgufFileTest {

  private static GgufFile parse(byte[] file) {
    return GgufFile.parse(ByteRange.of(MemorySegment.ofArray(file)), "'x.gguf'");
  }

  private static GgufFile parse(GgufWriter file) {
    return parse(file.bytes());
  }

  private static byte[] number(int bytes, long value) {
    return Arrays.copyOf(GgufWriter.bytes(8, b -> b.putLong(value)), bytes);
  }

  /** An array value: element type, announced count, the elements' bytes. */
  private static byte[] array(int type, long count, byte... elements) {
    return GgufWriter.bytes(12 + elements.length, b -> b.putInt(type).putLong(count).put(elements));
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3})
  void readsBothVersions(int version) {
    GgufFile file =
        parse(new GgufWriter().version(version).put("a", "b").tensor("t", DType.F32, 3));
    assertEquals(version, file.version());
    assertEquals(Map.of("a", "b"), file.metadata());
    assertEquals(1, file.tensors().size());
  }

  @Test
  void readsEveryScalarType() {
    GgufWriter file = new GgufWriter();
    for (int type : new int[] {0, 2, 4, 10}) {
      file.raw("unsigned" + type, type, number(type == 0 ? 1 : type == 10 ? 8 : type, -1));
    }
    for (int type : new int[] {1, 3, 5, 11}) {
      file.raw(
          "signed" + type, type, number(type == 1 ? 1 : type == 3 ? 2 : type == 5 ? 4 : 8, -2));
    }
    file.put("float", 0.5f)
        .raw("double", 12, number(8, Double.doubleToLongBits(0.1)))
        .put("yes", true);
    file.put("text", "grüße, 世界 🌍");
    Map<String, Object> read = parse(file).metadata();
    assertEquals(255L, read.get("unsigned0"));
    assertEquals(65_535L, read.get("unsigned2"));
    assertEquals(4_294_967_295L, read.get("unsigned4"));
    assertEquals(BigInteger.TWO.pow(64).subtract(BigInteger.ONE), read.get("unsigned10"));
    for (int type : new int[] {1, 3, 5, 11}) {
      assertEquals(-2L, read.get("signed" + type));
    }
    assertEquals(0.5, read.get("float"));
    assertEquals(0.1, read.get("double"));
    assertEquals(true, read.get("yes"));
    assertEquals("grüße, 世界 🌍", read.get("text"));
  }

  @Test
  void readsEveryArrayType() {
    GgufWriter file = new GgufWriter();
    byte[] ones = new byte[16];
    Arrays.fill(ones, (byte) 0xff);
    for (int type = 0; type <= 12; type++) {
      if (type != 8 && type != 9) {
        file.raw(
            "" + type,
            9,
            array(
                type,
                List.of(0, 1, 7).contains(type)
                    ? 16
                    : type == 2 || type == 3 ? 8 : type < 7 ? 4 : 2,
                ones));
      }
    }
    Map<String, Object> read = parse(file).metadata();
    int[] bytes = new int[16];
    Arrays.fill(bytes, 255);
    assertArrayEquals(bytes, (int[]) read.get("0"));
    Arrays.fill(bytes, -1);
    assertArrayEquals(bytes, (int[]) read.get("1"));
    assertArrayEquals(
        new int[] {65535, 65535, 65535, 65535, 65535, 65535, 65535, 65535}, (int[]) read.get("2"));
    assertArrayEquals(new int[] {-1, -1, -1, -1, -1, -1, -1, -1}, (int[]) read.get("3"));
    assertArrayEquals(new int[] {-1, -1, -1, -1}, (int[]) read.get("4"));
    assertArrayEquals(new int[] {-1, -1, -1, -1}, (int[]) read.get("5"));
    assertEquals(4, ((float[]) read.get("6")).length);
    assertArrayEquals(new long[] {-1, -1}, (long[]) read.get("10"));
    assertArrayEquals(new long[] {-1, -1}, (long[]) read.get("11"));
    assertEquals(2, ((double[]) read.get("12")).length);
  }

  @Test
  void readsArraysOfTextsAndOfArrays() {
    GgufWriter file = new GgufWriter();
    file.put("texts", List.of("", "a", "ä"));
    file.raw(
        "nested",
        9,
        GgufWriter.bytes(
            12 + 2 * 16,
            b ->
                b.putInt(9)
                    .putLong(2)
                    .put(array(5, 1, number(4, 6)))
                    .put(array(5, 1, number(4, 7)))));
    Map<String, Object> read = parse(file).metadata();
    assertEquals(List.of("", "a", "ä"), read.get("texts"));
    List<?> nested = (List<?>) read.get("nested");
    assertArrayEquals(new int[] {7}, (int[]) nested.get(1));
  }

  @Test
  void readsTextsAcrossItsWindow() {
    List<String> texts = IntStream.range(0, 60_000).mapToObj(i -> "token " + i).toList();
    String long1 = "x".repeat(700_000);
    GgufFile file =
        parse(
            new GgufWriter()
                .put("texts", texts)
                .put("long", long1)
                .put("texts2", texts)
                .tensor("t", DType.F32, 1));
    assertEquals(texts, file.metadata().get("texts"));
    assertEquals(long1, file.metadata().get("long"));
    assertEquals(texts, file.metadata().get("texts2"));
  }

  @ParameterizedTest
  @EnumSource(
      value = DType.class,
      mode = EnumSource.Mode.EXCLUDE,
      names = {"AWQ", "GPTQ", "A8", "A16", "F8", "TURBO4", "TURBO3"})
  void readsEveryTensorType(DType type) {
    byte[] content = GgufWriter.counting((int) type.bytes(512));
    Weight read =
        parse(new GgufWriter().tensor("before", DType.F32, 1).tensor("t", type, content, 2, 256))
            .tensors()
            .getLast();
    assertEquals(type, read.dtype());
    assertArrayEquals(new long[] {2, 256}, read.shape());
    assertArrayEquals(content, read.range().toArray());
  }

  @Test
  void reversesAxesAndKeepsAlignment() {
    Weight read =
        parse(
                new GgufWriter()
                    .alignment(64)
                    .tensor("a", DType.F16, 3)
                    .tensor("b", DType.F16, 4, 3, 2))
            .tensors()
            .getLast();
    assertArrayEquals(new long[] {4, 3, 2}, read.shape());
    assertArrayEquals(GgufWriter.counting(48), read.range().toArray());
  }

  @Test
  void refusesEveryTruncation() {
    byte[] file =
        new GgufWriter()
            .put("a", "text")
            .put("b", List.of("x", "y"))
            .tensor("t", DType.F32, 3)
            .bytes();
    for (int length = 0; length < file.length; length++) {
      byte[] cut = Arrays.copyOf(file, length);
      Refusals.expect(() -> parse(cut), "x.gguf");
    }
  }

  @Test
  void refusesOtherFiles() {
    Refusals.expect(
        () -> parse("PK\3\4 and so on, long enough".getBytes(StandardCharsets.US_ASCII)),
        "does not begin with 'GGUF'");
    Refusals.expect(() -> parse(new GgufWriter().version(1)), "version 1");
    Refusals.expect(() -> parse(new GgufWriter().version(4)), "version 4");
    Refusals.expect(() -> parse(new GgufWriter().version(Integer.reverseBytes(3))), "big-endian");
  }

  @ParameterizedTest
  @ValueSource(longs = {-1, Long.MIN_VALUE, Long.MAX_VALUE, 1L << 40, 1L << 32, 1L << 31, 100})
  void refusesCountsBeyondTheFile(long count) {
    byte[] tensors = new GgufWriter().put("a", "b").bytes();
    System.arraycopy(number(8, count), 0, tensors, 8, 8);
    Refusals.expect(() -> parse(tensors), Long.toUnsignedString(count), "tensors");
    byte[] values = new GgufWriter().put("a", "b").bytes();
    System.arraycopy(number(8, count), 0, values, 16, 8);
    Refusals.expect(() -> parse(values), Long.toUnsignedString(count), "key-values");
    Refusals.expect(
        () -> parse(new GgufWriter().raw("a", 8, number(8, count))),
        Long.toUnsignedString(count),
        "bytes of text");
    for (int type = 0; type <= 12; type++) {
      byte[] array = array(type, count, new byte[24]);
      Refusals.expect(
          () -> parse(new GgufWriter().raw("a", 9, array)),
          Long.toUnsignedString(count),
          "array elements");
    }
  }

  @Test
  void refusesArrayBombs() {
    byte[] bomb =
        GgufWriter.bytes(
            12 * 100_000,
            b -> {
              while (b.hasRemaining()) {
                b.putInt(9).putLong(1);
              }
            });
    Refusals.expect(() -> parse(new GgufWriter().raw("a", 9, bomb)), "nests arrays");
  }

  @Test
  void refusesUnknownTypesAndRepeatedKeys() {
    Refusals.expect(() -> parse(new GgufWriter().raw("a", 13, new byte[8])), "unknown type 13");
    Refusals.expect(
        () -> parse(new GgufWriter().raw("a", 9, array(13, 1, new byte[8]))), "unknown type 13");
    Refusals.expect(() -> parse(new GgufWriter().tensor("t", DType.F8, 32)), "type number 68");
    byte[] twice = new GgufWriter().put("aa", 1).put("ab", 1).bytes();
    int second = new String(twice, StandardCharsets.ISO_8859_1).indexOf("ab");
    twice[second + 1] = 'a';
    Refusals.expect(() -> parse(twice), "'aa' twice");
  }

  @Test
  void refusesTensorsThatCannotBe() {
    Refusals.expect(() -> parse(new GgufWriter().rawTensor("t", 0, 0)), "'t'", "0 axes");
    Refusals.expect(() -> parse(new GgufWriter().rawTensor("t", 0, 0, 1, 1, 1, 1, 1)), "5 axes");
    Refusals.expect(() -> parse(new GgufWriter().rawTensor("t", 0, 0, 0, 4)), "impossible shape");
    Refusals.expect(
        () -> parse(new GgufWriter().rawTensor("t", 0, 0, 1L << 32, 1L << 32)), "impossible shape");
    Refusals.expect(() -> parse(new GgufWriter().rawTensor("t", 0, 0, -1)), "impossible shape");
    Refusals.expect(() -> parse(new GgufWriter().rawTensor("t", 12, 0, 255)), "Q4_K", "256");
    Refusals.expect(() -> parse(new GgufWriter().rawTensor("t", 16, 0, 256)), "IQ2_XXS", "Q4_K");
    Refusals.expect(() -> parse(new GgufWriter().rawTensor("t", 64, 0, 256)), "64");
    Refusals.expect(() -> parse(new GgufWriter().rawTensor("t", -1, 0, 256)), "4294967295");
    Refusals.expect(() -> parse(new GgufWriter().alignment(24)), "power of two");
    Refusals.expect(() -> parse(new GgufWriter().put("general.alignment", 0)), "general.alignment");
  }

  @Test
  void refusesTensorsInTheWrongPlace() {
    GgufWriter good = new GgufWriter().tensor("a", DType.F32, 16).tensor("b", DType.F32, 16);
    assertEquals(2, parse(good).tensors().size());
    Refusals.expect(
        () -> parse(new GgufWriter().tensor("a", DType.F32, 16).rawTensor("b", 0, 32, 8)),
        "overlaps");
    Refusals.expect(
        () -> parse(new GgufWriter().tensor("a", DType.F32, 16).rawTensor("b", 0, 64, 1)),
        "data section has 64");
    Refusals.expect(
        () -> parse(new GgufWriter().tensor("a", DType.F32, 16).rawTensor("b", 0, 1L << 62, 1)),
        "data section");
    Refusals.expect(
        () -> parse(new GgufWriter().tensor("a", DType.F32, 16).rawTensor("b", 0, -32, 1)),
        "data section");
    Refusals.expect(
        () -> parse(new GgufWriter().tensor("a", DType.F32, 16).rawTensor("b", 0, 4, 1)),
        "multiple of 32");
    Refusals.expect(
        () -> parse(new GgufWriter().tensor("a", DType.F32, 16).rawTensor("a", 0, 0, 1)),
        "'a' twice");
    Refusals.expect(() -> parse(new GgufWriter().rawTensor("b", 0, 0, 1)), "data section has 0");
  }

  @Test
  void keepsControlCharactersOutOfMessages() {
    Refusals.expect(
        () -> parse(new GgufWriter().rawTensor("\u001b[2J\n\n" + "n".repeat(100_000), 0, 0)),
        "axes");
  }
}

// Safetensors: the tensors of one .safetensors file.
package dev.gatun.weights;

import dev.gatun.device.DType;
import dev.gatun.refusal.Refusal;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Layout (source: huggingface/safetensors, README): a little-endian u64 header length, that many
 * bytes of JSON {@code {name: {dtype, shape, data_offsets: [begin, end)}}}, then the data, which
 * the tensors cover without gap or overlap.
 */
final class Safetensors {
  private static final int MAX_AXES = 8;
  private static final Map<String, DType> TYPES =
      Map.of(
          "F32", DType.F32,
          "F16", DType.F16,
          "BF16", DType.BF16,
          "I32", DType.I32,
          "F8_E4M3", DType.F8);

  /** Of scales that are powers of two; read as float32, see {@link ExponentRange}. */
  private static final Set<String> EXPONENTS = Set.of("F8_E8M0", "U8");

  /** Behind the name of a shape, of int32 or int64; these are read as two int32 each. */
  private static final String SHAPE = "weight_shape";

  private static final String AGAIN = "the file is truncated or damaged: download it again";

  private Safetensors() {}

  /** {@code exponents}: a byte each stands for a float32. */
  private record Entry(
      String name, DType dtype, boolean exponents, long[] shape, long begin, long end) {}

  /**
   * Reads and checks a file's header: tensors by name, in the header's order. {@code source} names
   * it in messages.
   */
  static Map<String, Weight> parse(ByteRange file, String source) {
    long length = headerLength(file, source);
    Fields header = JsonFields.object(file.slice(8, length).toArray(), "the header of " + source);
    List<Entry> entries =
        header.values().keySet().stream()
            .filter(name -> !name.equals("__metadata__"))
            .map(name -> entry(name, header, source))
            .toList();
    ByteRange data = file.slice(8 + length, file.bytes() - 8 - length);
    checkPlaces(entries, data.bytes(), source);
    Map<String, Weight> weights = new LinkedHashMap<>();
    for (Entry e : entries) {
      ByteRange range = data.slice(e.begin(), e.end() - e.begin()).named(tensor(e.name(), source));
      weights.put(
          e.name(),
          Weight.plain(
              e.name(), e.dtype(), e.shape(), e.exponents() ? new ExponentRange(range) : range));
    }
    return weights;
  }

  private static long headerLength(ByteRange file, String source) {
    if (file.bytes() < 8) {
      throw Refusal.model(
          source + " has " + file.bytes() + " bytes, too few for a safetensors file", AGAIN);
    }
    long length =
        ByteBuffer.wrap(file.slice(0, 8).toArray()).order(ByteOrder.LITTLE_ENDIAN).getLong();
    if (length < 0 || length > Math.min(JsonFields.MAX_BYTES, file.bytes() - 8)) {
      throw Refusal.model(
          source
              + " announces a header of "
              + Long.toUnsignedString(length)
              + " bytes in a file of "
              + file.bytes()
              + ", expected at most "
              + JsonFields.MAX_BYTES,
          AGAIN);
    }
    return length;
  }

  private static Entry entry(String name, Fields header, String source) {
    Fields fields =
        header
            .object(name)
            .map(f -> new Fields(tensor(name, source), f.values()))
            .orElseThrow(() -> header.missing(name));
    String type = fields.text("dtype").orElseThrow(() -> fields.missing("dtype"));
    boolean exponents = EXPONENTS.contains(type) && name.endsWith(SquareWeights.SCALES);
    boolean wide = type.equals("I64") && name.endsWith(SHAPE);
    DType dtype = exponents ? DType.F32 : wide ? DType.I32 : TYPES.get(type);
    if (dtype == null) {
      throw fields.unsupported(
          "dtype",
          type,
          "BF16, F16, F32, FP8 as DeepSeek keeps it, int4 as AWQ, GPTQ or pack-quantized keep it");
    }
    long[] stored = longs(fields, "shape", MAX_AXES);
    long[] shape = wide && stored.length == 1 ? new long[] {2 * stored[0]} : stored;
    long[] offsets = longs(fields, "data_offsets", 2);
    long count = Shapes.count(shape);
    if (count < 0) {
      throw fields.wrong("shape", Shapes.shown(shape), "a shape below 2^56 elements");
    }
    long bytes = exponents ? count : dtype.bytes(count);
    if (offsets.length != 2 || offsets[1] - offsets[0] != bytes) {
      throw fields.wrong(
          "data_offsets",
          Shapes.shown(offsets),
          "begin and end of " + bytes + " bytes for " + type + Shapes.shown(shape));
    }
    return new Entry(name, dtype, exponents, shape, offsets[0], offsets[1]);
  }

  /** A list of up to {@code most} numbers from 0 on; an unreadable one is refused. */
  private static long[] longs(Fields fields, String key, int most) {
    if (fields.values().get(key) instanceof List<?> list
        && list.size() <= most
        && list.stream().allMatch(v -> v instanceof Integer || v instanceof Long)) {
      long[] values = list.stream().mapToLong(v -> ((Number) v).longValue()).toArray();
      if (Shapes.count(values) >= 0 || values.length == 2 && values[0] >= 0 && values[1] >= 0) {
        return values;
      }
    }
    throw fields.wrong(
        key, fields.values().get(key), "a list of up to " + most + " whole numbers from 0 on");
  }

  private static void checkPlaces(List<Entry> entries, long dataBytes, String source) {
    long at = 0;
    for (Entry e :
        entries.stream()
            .sorted(Comparator.comparingLong(Entry::begin).thenComparingLong(Entry::end))
            .toList()) {
      if (e.begin() != at) {
        throw Refusal.model(
            tensor(e.name(), source)
                + " begins at byte "
                + e.begin()
                + " of the data, expected "
                + at,
            AGAIN);
      }
      at = e.end();
    }
    if (at != dataBytes) {
      throw Refusal.model(
          source + " has " + dataBytes + " bytes of data, expected " + at + " for its tensors",
          AGAIN);
    }
  }

  private static String tensor(String name, String source) {
    return "tensor " + Fields.shown(name) + " of " + source;
  }
}

// GgufFile: the header of one GGUF file, and where its tensors lie.
package dev.gatun.weights;

import dev.gatun.device.DType;
import dev.gatun.refusal.Refusal;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * GGUF 2 and 3, little-endian (source: ggml, docs/gguf.md). Tensors keep GGUF's names; shapes are
 * outermost first, the reverse of the file's, and their data is one range whatever the axes; none
 * overlaps another or leaves the file.
 *
 * <p>Java types of values: every integer {@code Long} ({@code BigInteger} from 2^63), every float
 * {@code Double}, {@code Boolean}, {@code String}; arrays of integers of up to 32 bits and of
 * booleans {@code int[]} (the bits of an unsigned one), of 64 bits {@code long[]}, of floats {@code
 * float[]} and {@code double[]}, of strings a {@link Utf8List}, of arrays an unmodifiable {@code
 * List<Object>}.
 */
record GgufFile(int version, Map<String, Object> metadata, List<Weight> tensors) {
  private static final int MAGIC = 0x46554747; // "GGUF"
  private static final int MAX_AXES = 4;
  private static final Map<Integer, DType> TYPES =
      Arrays.stream(DType.values())
          .filter(DType::isOfGguf)
          .collect(Collectors.toMap(DType::id, t -> t));
  private static final String AGAIN = "the file is truncated or damaged: download it again";

  /** A tensor's entry in the header; {@code offset} and {@code bytes} within the data section. */
  private record Entry(String name, DType dtype, long[] shape, long offset, long bytes) {}

  /** Reads and checks a file's header. {@code source} names it in messages. */
  static GgufFile parse(ByteRange file, String source) {
    GgufCursor cursor = new GgufCursor(file, source);
    int version = version(cursor, source);
    long tensorCount = cursor.u64();
    long valueCount = cursor.u64();
    Map<String, Object> metadata = metadata(cursor, valueCount, source);
    int alignment = alignment(metadata, source);
    List<Entry> entries = entries(cursor, tensorCount, alignment, source);
    long start = (cursor.position() + alignment - 1) & -alignment;
    checkPlaces(entries, file.bytes() - start, source);
    List<Weight> tensors = new ArrayList<>();
    for (Entry e : entries) {
      tensors.add(
          Weight.plain(
              e.name(),
              e.dtype(),
              e.shape(),
              file.slice(start + e.offset(), e.bytes()).named(tensor(e.name(), source))));
    }
    return new GgufFile(version, metadata, List.copyOf(tensors));
  }

  /** A file's key-values alone; what follows them is not looked at. */
  static Map<String, Object> keyValues(ByteRange file, String source) {
    GgufCursor cursor = new GgufCursor(file, source);
    version(cursor, source);
    cursor.u64(); // tensors
    return metadata(cursor, cursor.u64(), source);
  }

  private static int version(GgufCursor cursor, String source) {
    int magic = cursor.u32();
    if (magic != MAGIC) {
      throw Refusal.model(
          source + " does not begin with 'GGUF'",
          "give a GGUF file, or a folder with config.json and safetensors");
    }
    int version = cursor.u32();
    if (version != 2 && version != 3) {
      boolean swapped = Integer.reverseBytes(version) == 2 || Integer.reverseBytes(version) == 3;
      throw Refusal.model(
          source
              + (swapped
                  ? " is big-endian"
                  : " is GGUF version " + Integer.toUnsignedString(version))
              + ", expected little-endian version 2 or 3",
          "convert the model again with current tools");
    }
    return version;
  }

  private static Map<String, Object> metadata(GgufCursor cursor, long count, String source) {
    cursor.checkedCount(count, 13, "key-values"); // 8 length, 4 type, 1 value
    Map<String, Object> metadata = new LinkedHashMap<>();
    for (long i = 0; i < count; i++) {
      String key = cursor.string();
      if (metadata.containsKey(key)) {
        throw Refusal.model(source + " has the key " + Fields.shown(key) + " twice", AGAIN);
      }
      metadata.put(key, cursor.value(cursor.u32()));
    }
    return Collections.unmodifiableMap(metadata);
  }

  private static int alignment(Map<String, Object> metadata, String source) {
    Fields fields = new Fields(source, metadata);
    int alignment = fields.integer("general.alignment", 1, 1 << 20).orElse(32);
    if (Integer.bitCount(alignment) != 1) {
      throw fields.wrong("general.alignment", alignment, "a power of two");
    }
    return alignment;
  }

  private static List<Entry> entries(GgufCursor cursor, long count, int alignment, String source) {
    cursor.checkedCount(count, 32, "tensors"); // 8 length, 4 axes, 8 one axis, 4 type, 8 offset
    List<Entry> entries = new ArrayList<>();
    Set<String> names = new HashSet<>();
    for (long i = 0; i < count; i++) {
      Entry entry = entry(cursor, source);
      if (!names.add(entry.name())) {
        throw Refusal.model(
            source + " has the tensor " + Fields.shown(entry.name()) + " twice", AGAIN);
      }
      if (entry.offset() % alignment != 0) {
        throw Refusal.model(
            tensor(entry.name(), source)
                + " starts at "
                + Long.toUnsignedString(entry.offset())
                + ", not a multiple of "
                + alignment,
            AGAIN);
      }
      entries.add(entry);
    }
    return entries;
  }

  private static Entry entry(GgufCursor cursor, String source) {
    String name = cursor.string();
    int axes = cursor.u32();
    if (axes < 1 || axes > MAX_AXES) {
      throw Refusal.model(
          tensor(name, source)
              + " has "
              + Integer.toUnsignedString(axes)
              + " axes, expected 1 to "
              + MAX_AXES,
          AGAIN);
    }
    long[] shape = new long[axes];
    for (int axis = axes - 1; axis >= 0; axis--) {
      shape[axis] = cursor.u64();
    }
    int type = cursor.u32();
    DType dtype = TYPES.get(type);
    if (dtype == null) {
      throw Refusal.model(
          tensor(name, source)
              + " has the type "
              + GgufNames.type(type)
              + ", which is not supported",
          "choose a file of one of the types " + supported());
    }
    return new Entry(name, dtype, shape, cursor.u64(), bytes(name, dtype, shape, source));
  }

  private static long bytes(String name, DType dtype, long[] shape, String source) {
    long count = Shapes.count(shape);
    if (count <= 0) {
      throw Refusal.model(
          tensor(name, source) + " has the impossible shape " + Shapes.shown(shape), AGAIN);
    }
    if (shape[shape.length - 1] % dtype.blockSize() != 0) {
      throw Refusal.model(
          tensor(name, source)
              + " has rows of "
              + shape[shape.length - 1]
              + " weights, not a multiple of the "
              + dtype.blockSize()
              + " of a "
              + dtype
              + " block",
          AGAIN);
    }
    return dtype.bytes(count);
  }

  // Sorted by offset, a tensor may only touch its successor.
  private static void checkPlaces(List<Entry> entries, long dataBytes, String source) {
    Entry before = null;
    for (Entry entry : entries.stream().sorted(Comparator.comparingLong(Entry::offset)).toList()) {
      if (entry.offset() < 0 || entry.bytes() > dataBytes - entry.offset()) {
        throw Refusal.model(
            tensor(entry.name(), source)
                + " needs "
                + entry.bytes()
                + " bytes from "
                + Long.toUnsignedString(entry.offset())
                + " on, but the data section has "
                + Math.max(0, dataBytes),
            AGAIN);
      }
      if (before != null && before.offset() + before.bytes() > entry.offset()) {
        throw Refusal.model(
            tensor(entry.name(), source) + " overlaps " + Fields.shown(before.name()), AGAIN);
      }
      before = entry;
    }
  }

  private static String supported() {
    return TYPES.values().stream().sorted().map(DType::name).collect(Collectors.joining(", "));
  }

  private static String tensor(String name, String source) {
    return "tensor " + Fields.shown(name) + " of " + source;
  }
}

// PackedRange: int4 weights of compressed-tensors as if they had been stored in blocks of Q4_0.
package dev.gatun.weights;

import dev.gatun.device.DType;
import dev.gatun.refusal.Refusal;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Objects;

/**
 * Both are codes less 8 times a scale, so nothing is rounded; a scale that float16 cannot hold is
 * refused where it is read. A block is a float16 scale and 16 bytes, the first 16 weights in their
 * low halves, the others in their high ones (source: ggml, ggml-quants.c). Offsets and sizes are
 * whole blocks.
 *
 * @param weight its name, for messages
 * @param codes two a byte, the first in the low half
 * @param scales of the same weights, one for each {@code group}
 * @param scaleType F16 or BF16
 * @param start of the range, in blocks
 * @param bytes of the range
 */
record PackedRange(
    String weight,
    ByteRange codes,
    ByteRange scales,
    DType scaleType,
    int group,
    long start,
    long bytes)
    implements ByteRange {
  private static final int BLOCK_BYTES = DType.Q4_0.blockBytes();
  private static final int CODE_BYTES = PackQuantized.BLOCK / 2;

  PackedRange(String weight, ByteRange codes, ByteRange scales, DType scaleType, int group) {
    this(weight, codes, scales, scaleType, group, 0, codes.bytes() / CODE_BYTES * BLOCK_BYTES);
  }

  @Override
  public ByteRange slice(long offset, long count) {
    Objects.checkFromIndexSize(offset, count, bytes);
    long from = start + offset / BLOCK_BYTES;
    return new PackedRange(weight, codes, scales, scaleType, group, from, count);
  }

  @Override
  public ByteRange named(String name) {
    return this;
  }

  /** The work is done where the reading is awaited. */
  @Override
  public Reading begin(long offset, MemorySegment into) {
    Objects.checkFromIndexSize(offset, into.byteSize(), bytes);
    int blocks = Math.toIntExact(into.byteSize() / BLOCK_BYTES);
    if (blocks == 0) {
      return Reading.DONE;
    }
    long first = start + offset / BLOCK_BYTES;
    int each = group / PackQuantized.BLOCK;
    long firstScale = first / each;
    long scaleCount = (first + blocks - 1) / each + 1 - firstScale;
    byte[] packed = new byte[blocks * CODE_BYTES];
    byte[] stored = new byte[Math.toIntExact(scaleCount * Short.BYTES)];
    Reading reading =
        Reading.all(
            List.of(
                codes.begin(first * CODE_BYTES, MemorySegment.ofArray(packed)),
                scales.begin(firstScale * Short.BYTES, MemorySegment.ofArray(stored))));
    return () -> {
      reading.await();
      short[] halves = halves(MemorySegment.ofArray(stored));
      for (int block = 0; block < blocks; block++) {
        short scale = halves[(int) ((first + block) / each - firstScale)];
        write(packed, block, scale, into.asSlice((long) block * BLOCK_BYTES, BLOCK_BYTES));
      }
    };
  }

  /** Neighbours lie in one byte of the file, and in a block {@link #CODE_BYTES} weights apart. */
  private static void write(byte[] packed, int block, short scale, MemorySegment into) {
    into.set(ValueLayout.JAVA_SHORT_UNALIGNED, 0, scale);
    for (int i = 0; i < CODE_BYTES / 2; i++) {
      int front = packed[block * CODE_BYTES + i];
      int back = packed[block * CODE_BYTES + CODE_BYTES / 2 + i];
      int at = Short.BYTES + 2 * i;
      into.set(ValueLayout.JAVA_BYTE, at, (byte) (front & 15 | back << 4));
      into.set(ValueLayout.JAVA_BYTE, at + 1, (byte) (front >> 4 & 15 | back & 0xf0));
    }
  }

  private short[] halves(MemorySegment stored) {
    float[] values = Numbers.floats(scaleType, stored);
    short[] halves = new short[values.length];
    for (int i = 0; i < values.length; i++) {
      halves[i] = Float.floatToFloat16(values[i]);
      if (!Float.isFinite(values[i]) || Float.float16ToFloat(halves[i]) != values[i]) {
        throw Refusal.model(
            "'" + weight + "' has the scale " + values[i] + ", which float16 cannot hold",
            "use a checkpoint with scales of usual size");
      }
    }
    return halves;
  }
}

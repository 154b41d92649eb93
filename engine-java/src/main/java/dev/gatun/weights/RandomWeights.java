// RandomWeights: numbers in every format that look like a model's, made when first needed.
package dev.gatun.weights;

import dev.gatun.device.DType;
import dev.gatun.device.HostMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;

/**
 * One run of memory for each kind of content, as long as its largest tensor; every tensor of that
 * kind is the front of it. So a model of many gigabytes takes the memory of its largest matrices.
 */
final class RandomWeights {

  /** What a run holds, normal numbers of {@link #DEVIATION} or about so where not said. */
  enum Content {
    /** Weights in blocks of their format. */
    BLOCKS,
    /** Ones, as norms have them; F32 or F16. */
    ONES,
    /** 4-bit codes of AWQ or GPTQ. */
    CODES,
    /** float8, before their scales. */
    FLOATS8,
    /** Zeros of AWQ: 8 in every nibble. */
    ZEROS,
    /** Zeros of GPTQ, which stores them less one. */
    ZEROS_LESS_ONE,
    /** Scales, float16 of AWQ or GPTQ, float32 of float8. */
    SCALES
  }

  record Kind(DType dtype, Content content) {}

  /** Of a model's weights at the start of training (initializer_range of Qwen's config.json). */
  static final double DEVIATION = 0.02;

  private static final long SEED = 42;

  /** No divisor of any row's blocks, so that neighbouring rows differ. */
  private static final int STRIP_BLOCKS = 8191;

  private final Map<Kind, Long> sizes = new HashMap<>();
  private final Map<Kind, MemorySegment> runs = new HashMap<>();
  private boolean filled;

  /** Says that {@code bytes} of that kind will be wanted; before any {@link #front}. */
  void reserve(Kind kind, long bytes) {
    sizes.merge(kind, bytes, Math::max);
  }

  /** The first {@code bytes} of a kind; address space until {@link #fill} puts numbers there. */
  MemorySegment front(Kind kind, long bytes, Arena arena) {
    return runs.computeIfAbsent(kind, k -> HostMemory.allocate(sizes.get(k), arena))
        .asSlice(0, bytes);
  }

  /** Bytes of all runs. */
  long bytes() {
    return sizes.values().stream().mapToLong(Long::longValue).sum();
  }

  /** Puts the numbers there, once; the same ones every time. */
  synchronized void fill() {
    if (!filled) {
      runs.forEach(RandomWeights::fill);
      filled = true;
    }
  }

  private static void fill(Kind kind, MemorySegment run) {
    long strip = Math.min(run.byteSize(), stripBytes(kind));
    Random random = new Random(SEED + 100L * kind.content().ordinal() + kind.dtype().id());
    write(kind, run.asSlice(0, strip), random);
    for (long done = strip; done < run.byteSize(); ) {
      long more = Math.min(done, run.byteSize() - done);
      MemorySegment.copy(run, 0, run, done, more);
      done += more;
    }
  }

  private static long stripBytes(Kind kind) {
    return kind.content() == Content.BLOCKS && kind.dtype().blockSize() > 1
        ? (long) STRIP_BLOCKS * kind.dtype().blockBytes()
        : 32L * STRIP_BLOCKS;
  }

  private static void write(Kind kind, MemorySegment strip, Random random) {
    switch (kind.content()) {
      case BLOCKS -> RandomBlocks.write(kind.dtype(), strip, random);
      case ONES -> RandomBlocks.ones(kind.dtype(), strip);
      case CODES -> RandomBlocks.bytes(strip, random);
      case FLOATS8 -> RandomBlocks.floats8(strip, random);
      case ZEROS -> strip.fill((byte) 0x88);
      case ZEROS_LESS_ONE -> strip.fill((byte) 0x77);
      case SCALES -> RandomBlocks.scales(kind.dtype(), strip, random);
    }
  }
}

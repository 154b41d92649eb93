// Sources: writes the contract's gk_source, a weight as its checkpoint stores it.
package dev.gatun.device;

import dev.gatun.bindings.gk_source;
import dev.gatun.refusal.Refusal;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/** Builders and accessors of {@code gk_source}. */
public final class Sources {
  private Sources() {}

  /** A matrix in blocks of {@code dtype}, (rows, cols). */
  public static MemorySegment blocks(
      Arena arena, DType dtype, long rows, long cols, MemorySegment data) {
    MemorySegment source = gk_source.allocate(arena);
    gk_source.data(source, data);
    gk_source.rows(source, rows);
    gk_source.cols(source, cols);
    gk_source.dtype(source, dtype.id());
    return source;
  }

  /** Adds what a group-quantised matrix has beside its codes; see gk_source for the layouts. */
  public static void groups(
      MemorySegment source,
      int group,
      int zeroOffset,
      MemorySegment zeros,
      MemorySegment scales,
      Optional<MemorySegment> order) {
    gk_source.group(source, group);
    gk_source.zero_offset(source, zeroOffset);
    gk_source.zeros(source, zeros);
    gk_source.scales(source, scales);
    gk_source.order(source, order.orElse(MemorySegment.NULL));
  }

  /** Says that the data lie elsewhere. */
  static void move(MemorySegment source, MemorySegment data) {
    gk_source.data(source, data);
  }

  static DType dtype(MemorySegment source) {
    int id = gk_source.dtype(source);
    for (DType dtype : DType.values()) {
      if (dtype.id() == id) {
        return dtype;
      }
    }
    throw Refusal.model("a weight has the unknown type " + id, "use another file of this model");
  }

  static long rows(MemorySegment source) {
    return gk_source.rows(source);
  }

  static long cols(MemorySegment source) {
    return gk_source.cols(source);
  }

  static int group(MemorySegment source) {
    return gk_source.group(source);
  }
}

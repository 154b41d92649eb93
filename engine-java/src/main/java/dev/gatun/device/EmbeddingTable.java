// EmbeddingTable: the token embedding, read row by row from host memory.
package dev.gatun.device;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * (vocab, hidden) in the checkpoint's own layout: one row a token is read, so it stays in host
 * memory and is never repacked.
 */
public record EmbeddingTable(MemorySegment struct, long rows, long cols) {

  /** Without its data until {@link #bind}. */
  public static EmbeddingTable of(Arena arena, DType dtype, long rows, long cols) {
    MemorySegment none = MemorySegment.NULL;
    return new EmbeddingTable(Sources.blocks(arena, dtype, rows, cols, none), rows, cols);
  }

  /** Says where the device reads the rows; before the first step. */
  public void bind(Buffer data) {
    Sources.move(struct, data.segment());
  }
}

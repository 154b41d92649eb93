// EmbeddingTable: the token embedding, read row by row from host memory.
package dev.gatun.device;

import dev.gatun.bindings.gk_source;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * (vocab, hidden) in the checkpoint's own layout: one row a token is read, so it stays in host
 * memory and is never repacked.
 */
public record EmbeddingTable(MemorySegment struct, long rows, long cols) {
  /** Describes the table; it holds data once {@link #place} was called. */
  public static EmbeddingTable of(Arena arena, DType dtype, long rows, long cols) {
    return new EmbeddingTable(
        Sources.blocks(arena, dtype, rows, cols, MemorySegment.NULL), rows, cols);
  }

  /** Says where the rows lie. */
  public void place(Buffer data) {
    gk_source.data(struct, data.segment());
  }
}

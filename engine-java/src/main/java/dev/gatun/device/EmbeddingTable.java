// EmbeddingTable: the token embedding, read row by row where the checkpoint keeps it.
package dev.gatun.device;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * (vocab, hidden) in the checkpoint's own layout: one row a token is read, so it is never copied or
 * repacked.
 */
public record EmbeddingTable(MemorySegment struct, long rows, long cols) {
  public static EmbeddingTable of(
      Arena arena, DType dtype, long rows, long cols, MemorySegment data) {
    return new EmbeddingTable(Sources.blocks(arena, dtype, rows, cols, data), rows, cols);
  }
}

// Structs: writes the contract's plain structs into an arena.
package dev.gatun.device;

import dev.gatun.bindings.Kernels;
import dev.gatun.bindings.gk_batch;
import dev.gatun.bindings.gk_cache;
import dev.gatun.bindings.gk_rope;
import dev.gatun.bindings.gk_router;
import dev.gatun.bindings.gk_tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/** Builders of {@code gk_tensor}, {@code gk_cache}, {@code gk_batch} and others. */
public final class Structs {
  private Structs() {}

  /** Dense (rows, cols) activations at {@code data}. */
  public static MemorySegment tensor(Arena arena, Buffer data, long rows, long cols, DType dtype) {
    return columns(arena, data, rows, cols, cols, dtype);
  }

  /** (rows, cols) activations at {@code data}, rows {@code stride} elements apart. */
  public static MemorySegment columns(
      Arena arena, Buffer data, long rows, long cols, long stride, DType dtype) {
    MemorySegment tensor = gk_tensor.allocate(arena);
    gk_tensor.data(tensor, data.segment());
    gk_tensor.rows(tensor, rows);
    gk_tensor.cols(tensor, cols);
    gk_tensor.stride(tensor, stride);
    gk_tensor.dtype(tensor, dtype.id());
    return tensor;
  }

  /**
   * A cache of {@code pageCount} pages.
   *
   * @param latent leading elements of a key that are its value; 0 where values are kept apart
   */
  public static MemorySegment cache(
      Arena arena,
      Buffer pages,
      int pageCount,
      int kvHeads,
      int headDim,
      int latent,
      DType keys,
      DType values) {
    MemorySegment cache = gk_cache.allocate(arena);
    gk_cache.pages(cache, pages.segment());
    gk_cache.page_count(cache, pageCount);
    gk_cache.kv_heads(cache, kvHeads);
    gk_cache.head_dim(cache, headDim);
    gk_cache.latent(cache, latent);
    gk_cache.key_dtype(cache, keys.id());
    gk_cache.value_dtype(cache, values.id());
    return cache;
  }

  /**
   * The tokens of a step: position and sequence are (tokens), pageTable is (sequences, maxPages),
   * all int32.
   *
   * @param singles how many tokens, from the first on, are each the only one of their sequence
   */
  public static MemorySegment batch(
      Arena arena,
      int tokens,
      int singles,
      int sequences,
      int maxPages,
      Buffer position,
      Buffer sequence,
      Buffer pageTable) {
    MemorySegment batch = gk_batch.allocate(arena);
    gk_batch.position(batch, position.segment());
    gk_batch.sequence(batch, sequence.segment());
    gk_batch.page_table(batch, pageTable.segment());
    gk_batch.tokens(batch, tokens);
    gk_batch.sequences(batch, sequences);
    gk_batch.max_pages(batch, maxPages);
    gk_batch.singles(batch, singles);
    return batch;
  }

  /** Sets how many rows of a batch, from the first on, are the only ones of their sequences. */
  public static void singles(MemorySegment batch, int singles) {
    gk_batch.singles(batch, singles);
  }

  /**
   * What {@code gk_rope_store} needs beside the tensors; {@code table} is what {@code
   * gk_rope_table} writes.
   */
  public static MemorySegment rope(Arena arena, RopeWeights weights, Buffer table) {
    MemorySegment rope = gk_rope.allocate(arena);
    gk_rope.table(rope, table.segment());
    gk_rope.q_bias(rope, orNull(weights.qBias()));
    gk_rope.k_bias(rope, orNull(weights.kBias()));
    gk_rope.v_bias(rope, orNull(weights.vBias()));
    gk_rope.q_norm(rope, orNull(weights.qNorm()));
    gk_rope.k_norm(rope, orNull(weights.kNorm()));
    gk_rope.norm_eps(rope, weights.normEps());
    gk_rope.dim(rope, weights.dim());
    gk_rope.style(rope, weights.interleaved() ? 1 : 0);
    return rope;
  }

  /** How {@code gk_route} chooses. */
  public static MemorySegment router(Arena arena, RouterWeights weights) {
    MemorySegment router = gk_router.allocate(arena);
    gk_router.bias(router, orNull(weights.bias()));
    gk_router.scoring(
        router, weights.sigmoid() ? Kernels.GK_SCORING_SIGMOID() : Kernels.GK_SCORING_SOFTMAX());
    gk_router.groups(router, weights.groups());
    gk_router.chosen_groups(router, weights.chosenGroups());
    gk_router.normalize(router, weights.normalize() ? 1 : 0);
    gk_router.scale(router, weights.scale());
    return router;
  }

  private static MemorySegment orNull(Optional<FloatVector> vector) {
    return vector.map(FloatVector::data).orElse(MemorySegment.NULL);
  }
}

// PackedMatrix: a weight matrix, or a stack of experts' matrices, in its device's own layout.
package dev.gatun.device;

import dev.gatun.bindings.gk_weight;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/**
 * (rows = outputs, cols = inputs), or (experts, rows, cols). Describes the weight from the moment
 * its shape is known; holds data once {@link #bind} was called.
 */
public final class PackedMatrix {
  private final DType dtype;
  private final long rows;
  private final long cols;
  private final int experts;
  private final long expertBytes;
  private final Optional<IntVector> order;
  private final MemorySegment struct;

  /**
   * @param order (cols) int32 column order of act-order weights: the input must be gathered by it
   *     first
   */
  public PackedMatrix(
      Arena arena, MemorySegment source, int experts, long expertBytes, Optional<IntVector> order) {
    this.dtype = Sources.dtype(source);
    this.rows = Sources.rows(source);
    this.cols = Sources.cols(source);
    this.experts = experts;
    this.expertBytes = expertBytes;
    this.order = order;
    struct = gk_weight.allocate(arena);
    gk_weight.rows(struct, rows);
    gk_weight.cols(struct, cols);
    gk_weight.experts(struct, experts);
    gk_weight.expert_stride(struct, expertBytes);
    gk_weight.dtype(struct, dtype.id());
    gk_weight.group(struct, Sources.group(source));
  }

  /** Says where the packed data lies. */
  public void bind(Buffer data) {
    gk_weight.data(struct, data.segment());
  }

  public DType dtype() {
    return dtype;
  }

  public long rows() {
    return rows;
  }

  public long cols() {
    return cols;
  }

  public int experts() {
    return experts;
  }

  /** Bytes of one expert's matrix; of the whole matrix where there is one. */
  public long expertBytes() {
    return expertBytes;
  }

  public long bytes() {
    return expertBytes * experts;
  }

  public Optional<IntVector> order() {
    return order;
  }

  /** The {@code gk_weight} of the contract. */
  public MemorySegment struct() {
    return struct;
  }
}

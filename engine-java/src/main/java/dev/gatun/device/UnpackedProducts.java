// UnpackedProducts: products by NVIDIA's library, of packed weights that are unpacked for it.
package dev.gatun.device;

import dev.gatun.bindings.Kernels;
import dev.gatun.bindings.gk_tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Some rows of a weight at a time become bfloat16 in memory that was lent, and are multiplied
 * there.
 */
final class UnpackedProducts implements AutoCloseable {
  private static final long ROW_STEP = 128; // of the library's tiles

  private final MemorySegment queue;
  private final Blas blas;
  private final Arena arena = Arena.ofShared();
  private final MemorySegment rows = gk_tensor.allocate(arena);
  private Buffer memory = Buffer.NONE;

  UnpackedProducts(MemorySegment queue, Blas blas) {
    this.queue = queue;
    this.blas = blas;
  }

  /**
   * Lends memory for as long as products are asked for.
   *
   * @param unpacked at least a row of every weight
   */
  void lend(Buffer workspace, Buffer unpacked) {
    blas.workspace(workspace.segment(), workspace.bytes());
    memory = unpacked;
  }

  /** y (tokens, rows) float32 = x (tokens, cols) bfloat16 * weight^T. */
  void multiply(PackedMatrix weight, MemorySegment x, MemorySegment y) {
    long chunk = rowsAtOnce(weight.rows(), weight.cols(), memory.bytes());
    gk_tensor.data(rows, memory.segment());
    gk_tensor.cols(rows, weight.cols());
    gk_tensor.stride(rows, weight.cols());
    gk_tensor.dtype(rows, DType.BF16.id());
    MemorySegment result = gk_tensor.data(y);
    int stride = Math.toIntExact(gk_tensor.stride(y));
    for (long first = 0; first < weight.rows(); first += chunk) {
      int count = (int) Math.min(chunk, weight.rows() - first);
      gk_tensor.rows(rows, count);
      Library.check(Kernels.gk_unpack(queue, weight.struct(), 0, first, rows), "gk_unpack");
      blas.multiply(
          Math.toIntExact(gk_tensor.rows(x)),
          count,
          Math.toIntExact(weight.cols()),
          gk_tensor.data(x),
          memory.segment(),
          MemorySegment.ofAddress(result.address() + Float.BYTES * first),
          stride);
    }
  }

  /** Equal shares, in whole steps but for the last, none larger than the memory. */
  static long rowsAtOnce(long rows, long cols, long bytes) {
    long most = Math.min(rows, bytes / (Short.BYTES * cols));
    long share = Math.ceilDiv(rows, Math.ceilDiv(rows, most));
    long whole = Math.ceilDiv(share, ROW_STEP) * ROW_STEP;
    return whole <= most ? whole : most;
  }

  @Override
  public void close() {
    blas.close();
    arena.close();
  }
}

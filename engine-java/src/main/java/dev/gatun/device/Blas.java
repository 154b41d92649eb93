// Blas: matrix products of NVIDIA's library on one stream.
package dev.gatun.device;

import java.lang.foreign.MemorySegment;

/** Addresses are zero-length segments of device memory; calls are issued, not waited for. */
interface Blas extends AutoCloseable {

  /** Memory that the products use between them, so that the library allocates none. */
  void workspace(MemorySegment memory, long bytes);

  /**
   * y (tokens, rows) float32 = x (tokens, cols) * weight (rows, cols)^T; both are dense bfloat16,
   * products are added in float32.
   *
   * @param stride elements from one row of {@code y} to the next
   */
  void multiply(
      int tokens,
      int rows,
      int cols,
      MemorySegment x,
      MemorySegment weight,
      MemorySegment y,
      int stride);

  @Override
  void close();
}

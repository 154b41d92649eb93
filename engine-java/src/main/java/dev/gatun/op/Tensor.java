// Tensor: an activation of one step, dense and row-major.
package dev.gatun.op;

import dev.gatun.device.DType;

/** (rows, cols) of {@code dtype}; {@code id} numbers the tensors of one graph from 0. */
public record Tensor(int id, DType dtype, int rows, int cols) {

  /** Bytes in the step's slab; a row of A8 or A16 is whole blocks. */
  public long bytes() {
    return dtype.bytes((long) rows * cols);
  }
}

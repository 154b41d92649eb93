// Tensor: an activation of one step, dense and row-major.
package dev.gatun.op;

import dev.gatun.device.DType;

/**
 * (rows, cols) of {@code dtype}.
 *
 * @param id numbers the tensors of one graph from 0; some rows of a tensor have its number
 * @param first row of the tensor that these are rows of; 0 where they are all
 */
public record Tensor(int id, DType dtype, int rows, int cols, int first) {

  /** All of a tensor. */
  public Tensor(int id, DType dtype, int rows, int cols) {
    this(id, dtype, rows, cols, 0);
  }

  /** Some rows of a tensor that has a row for each of the step's. */
  public Tensor part(Rows some) {
    return new Tensor(id, dtype, some.count(), cols, some.first());
  }

  /** Which rows of the step these are, where it has a row for each of them. */
  public Rows span() {
    return new Rows(first, rows);
  }

  /** Bytes in the step's slab; a row of A8 or A16 is whole blocks. */
  public long bytes() {
    return dtype.bytes((long) rows * cols);
  }

  /** Bytes of the tensor before its first row here. */
  public long begin() {
    return dtype.bytes((long) first * cols);
  }
}

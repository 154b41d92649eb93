// Op: what a graph is a list of; one record an op of the contract.
package dev.gatun.op;

import java.util.List;

/**
 * One record an op: what it works on, and its call. Shapes and formulas are in kernels.h under the
 * op's name there: {@code MatMul} is {@code gk_mat_mul}.
 */
public interface Op {

  /** Tensors whose content the op needs. */
  List<Tensor> reads();

  /** Tensors the op writes; one that is also read is changed in place. */
  List<Tensor> writes();

  /**
   * The op as a call that may be repeated, with its structs filled once; they live as long as
   * {@code at}.
   */
  Runnable bind(Operands at);

  /** Its multiplications by weights. */
  default List<Product> products() {
    return List.of();
  }

  /** Bytes of weights the op reads for the step's tokens: its cost where memory is the limit. */
  default long weightBytes() {
    return 0;
  }

  /** An op of one input and one output. */
  interface OneToOne extends Op {
    Tensor x();

    Tensor y();

    @Override
    default List<Tensor> reads() {
      return List.of(x());
    }

    @Override
    default List<Tensor> writes() {
      return List.of(y());
    }
  }
}

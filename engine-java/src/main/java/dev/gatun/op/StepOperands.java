// StepOperands: what the ops of one step share besides tensors.
package dev.gatun.op;

import java.lang.foreign.MemorySegment;
import java.util.function.IntFunction;

/**
 * @param batch the {@code gk_batch} of the step's tokens
 * @param cacheOfLayer the {@code gk_cache} of each layer
 * @param inputs what the step is given
 */
public record StepOperands(
    MemorySegment batch, IntFunction<MemorySegment> cacheOfLayer, StepInputs inputs) {

  /** For ops that run outside of a step. */
  public static final StepOperands NONE =
      new StepOperands(MemorySegment.NULL, layer -> MemorySegment.NULL, StepInputs.NONE);
}

// StepOperands: what the ops of one step share besides tensors.
package dev.gatun.op;

import dev.gatun.device.Buffer;
import java.lang.foreign.MemorySegment;
import java.util.function.IntFunction;

/**
 * @param batch the {@code gk_batch} of the step's tokens
 * @param cacheOfLayer the {@code gk_cache} of each layer
 * @param tokenIds (tokens) int32; drawn tokens are left at their front
 * @param logitRows (rows) int32, which tokens' logits are wanted
 * @param sampling {@code gk_sampling}, one a row that is drawn
 */
public record StepOperands(
    MemorySegment batch,
    IntFunction<MemorySegment> cacheOfLayer,
    Buffer tokenIds,
    Buffer logitRows,
    Buffer sampling) {

  /** For ops that run outside of a step. */
  public static final StepOperands NONE =
      new StepOperands(
          MemorySegment.NULL, layer -> MemorySegment.NULL, Buffer.NONE, Buffer.NONE, Buffer.NONE);
}

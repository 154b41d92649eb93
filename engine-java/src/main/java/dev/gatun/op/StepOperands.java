// StepOperands: what the ops of one step share besides tensors.
package dev.gatun.op;

import dev.gatun.shard.ExpertTally;
import java.lang.foreign.MemorySegment;
import java.util.Optional;
import java.util.function.IntFunction;

/**
 * @param batch the {@code gk_batch} of the step's tokens
 * @param caches the {@code gk_cache} of each index, which is a layer's own and not the layer's
 *     number
 * @param inputs what the step is given
 * @param tally hears what routers choose; empty where nobody asks
 */
public record StepOperands(
    MemorySegment batch,
    IntFunction<MemorySegment> caches,
    StepInputs inputs,
    Optional<ExpertTally> tally) {

  /** Nobody counts what routers choose. */
  public StepOperands(MemorySegment batch, IntFunction<MemorySegment> caches, StepInputs inputs) {
    this(batch, caches, inputs, Optional.empty());
  }

  /** For ops that run outside of a step. */
  public static final StepOperands NONE =
      new StepOperands(MemorySegment.NULL, cache -> MemorySegment.NULL, StepInputs.NONE);
}

// StepOperands: what the ops of one step share besides tensors.
package dev.gatun.op;

import dev.gatun.shard.ExpertTally;
import java.lang.foreign.MemorySegment;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.IntFunction;

/**
 * @param batches the {@code gk_batch} of some of the step's rows
 * @param caches the {@code gk_cache} of each index, which is a layer's own and not the layer's
 *     number
 * @param inputs what the step is given
 * @param tally hears what routers choose; empty where nobody asks
 */
public record StepOperands(
    Function<Rows, MemorySegment> batches,
    IntFunction<MemorySegment> caches,
    StepInputs inputs,
    Optional<ExpertTally> tally) {

  /** Nobody counts what routers choose. */
  public StepOperands(
      Function<Rows, MemorySegment> batches, IntFunction<MemorySegment> caches, StepInputs inputs) {
    this(batches, caches, inputs, Optional.empty());
  }

  MemorySegment batch(Rows rows) {
    return batches.apply(rows);
  }

  /** For ops that run outside of a step. */
  public static final StepOperands NONE =
      new StepOperands(rows -> MemorySegment.NULL, cache -> MemorySegment.NULL, StepInputs.NONE);
}

// Sample: draws tokens on the device.
package dev.gatun.op;

import dev.gatun.bindings.Kernels;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * {@code gk_sample}: draws a token from each row, by its mask where it has one, into {@link
 * StepInputs#drawn}, where the next step may read it.
 */
public record Sample(Tensor logits) implements Op {
  @Override
  public List<Tensor> reads() {
    return List.of(logits);
  }

  @Override
  public List<Tensor> writes() {
    return List.of();
  }

  @Override
  public Runnable bind(Operands at) {
    MemorySegment from = at.struct(logits);
    MemorySegment sampling = at.step().inputs().sampling().segment();
    int words = Math.ceilDiv(logits.cols(), Integer.SIZE);
    MemorySegment masks = at.intRows(at.step().inputs().masks(), words);
    MemorySegment tokens = at.ints(at.step().inputs().drawn(), logits.rows());
    return at.ops()
        .call(
            "gk_sample",
            queue -> Kernels.gk_sample(queue, from, sampling, masks, tokens, MemorySegment.NULL));
  }
}

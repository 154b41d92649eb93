// Embed: the rows of a table that the step's tokens name, those that follow them, or the tokens
// drawn before it.
package dev.gatun.op;

import dev.gatun.bindings.Kernels;
import dev.gatun.device.EmbeddingTable;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * {@code gk_embed}.
 *
 * @param next of the token that follows each of the step's
 */
public record Embed(EmbeddingTable table, boolean next, Tensor y) implements Op {
  @Override
  public List<Tensor> reads() {
    return List.of();
  }

  @Override
  public List<Tensor> writes() {
    return List.of(y);
  }

  @Override
  public Runnable bind(Operands at) {
    StepInputs inputs = at.step().inputs();
    MemorySegment tokens = at.ints(next ? inputs.nextIds() : inputs.tokenIds(), y.rows());
    MemorySegment drawn = at.ints(inputs.drawn());
    MemorySegment to = at.struct(y);
    return at.ops()
        .call("gk_embed", queue -> Kernels.gk_embed(queue, table.struct(), tokens, drawn, to));
  }
}

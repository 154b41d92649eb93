// StepBuilder: fills the buffers that change from step to step.
package dev.gatun.engine;

import dev.gatun.graph.Step;
import dev.gatun.kv.PageTable;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Owns the step's input buffers, at fixed addresses as long as the engine lives. */
final class StepBuilder {
  private final Step.Inputs inputs;
  private final int maxPages;

  /**
   * @param tokens of the largest step
   * @param logitRows of the largest step
   * @param maxPages of the longest sequence
   */
  StepBuilder(int tokens, int logitRows, int maxPages, Arena arena) {
    this.maxPages = maxPages;
    inputs =
        new Step.Inputs(
            ints(tokens, arena),
            ints(tokens, arena),
            ints(tokens, arena),
            ints(maxPages, arena),
            ints(logitRows, arena));
  }

  private static MemorySegment ints(int count, Arena arena) {
    return arena.allocate(ValueLayout.JAVA_INT, count);
  }

  /** The shape of a step; its buffers hold nothing yet. */
  Step shape(int tokens, int logitRows) {
    return new Step(tokens, logitRows, maxPages, inputs);
  }

  /**
   * One sequence's tokens {@code ids[from .. from + step.tokens())} at positions {@code position}
   * and on; the logits of the last {@code step.logitRows()} of them.
   */
  void fill(Step step, int[] ids, int from, int position, PageTable pages) {
    MemorySegment.copy(ids, from, inputs.tokenIds(), ValueLayout.JAVA_INT, 0, step.tokens());
    for (int i = 0; i < step.tokens(); i++) {
      inputs.position().setAtIndex(ValueLayout.JAVA_INT, i, position + i);
      inputs.sequence().setAtIndex(ValueLayout.JAVA_INT, i, 0);
    }
    for (int i = 0; i < step.logitRows(); i++) {
      int row = step.tokens() - step.logitRows() + i;
      inputs.logitRows().setAtIndex(ValueLayout.JAVA_INT, i, row);
    }
    pages.write(inputs.pageTable());
  }
}

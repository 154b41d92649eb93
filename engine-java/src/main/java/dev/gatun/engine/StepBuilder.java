// StepBuilder: fills the buffers that change from step to step.
package dev.gatun.engine;

import dev.gatun.device.Buffer;
import dev.gatun.device.Device;
import dev.gatun.graph.Step;
import dev.gatun.kv.PageTable;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Owns the step's inputs, at fixed addresses as long as the engine lives: host memory that is
 * filled here, and the device's copy of it, laid out alike.
 */
final class StepBuilder {
  private static final long ALIGNMENT = 64;

  private final Step.Inputs inputs;
  private final int maxPages;
  private final MemorySegment tokenIds;
  private final MemorySegment position;
  private final MemorySegment pageTable;
  private final MemorySegment logitRows;

  /**
   * @param tokens of the largest step
   * @param logitRows of the largest step
   * @param maxPages of the longest sequence
   */
  StepBuilder(int tokens, int logitRows, int maxPages, Device device, Arena arena) {
    this.maxPages = maxPages;
    long each = bytes(tokens);
    long pages = bytes(maxPages);
    long total = 3 * each + pages + bytes(logitRows);
    MemorySegment host = device.hostMemory("the steps' inputs", total, arena);
    // Rows of the page table hold no page at first, and every token belongs to sequence 0.
    host.fill((byte) 0);
    Buffer copy = device.allocate("the steps' inputs", total, arena);
    this.tokenIds = host.asSlice(0, each);
    this.position = host.asSlice(each, each);
    this.pageTable = host.asSlice(3 * each, pages);
    this.logitRows = host.asSlice(3 * each + pages);
    inputs =
        new Step.Inputs(
            host,
            copy,
            copy.slice(0, each),
            copy.slice(each, each),
            copy.slice(2 * each, each),
            copy.slice(3 * each, pages),
            copy.slice(3 * each + pages, bytes(logitRows)));
  }

  /** Of {@code count} int32, so that the next array is aligned. */
  private static long bytes(int count) {
    return Math.ceilDiv(4L * count, ALIGNMENT) * ALIGNMENT;
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
    MemorySegment.copy(ids, from, tokenIds, ValueLayout.JAVA_INT, 0, step.tokens());
    for (int i = 0; i < step.tokens(); i++) {
      this.position.setAtIndex(ValueLayout.JAVA_INT, i, position + i);
    }
    for (int i = 0; i < step.logitRows(); i++) {
      int row = step.tokens() - step.logitRows() + i;
      logitRows.setAtIndex(ValueLayout.JAVA_INT, i, row);
    }
    pages.write(pageTable);
  }
}

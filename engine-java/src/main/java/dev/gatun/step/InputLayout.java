// InputLayout: where each of a step's inputs begins, in the host's memory as in the device's.
package dev.gatun.step;

import dev.gatun.device.Buffer;
import dev.gatun.device.Sampling;
import dev.gatun.op.StepInputs;

/**
 * Byte offsets of the arrays of {@link StepInputs}. The page table comes last, since a step uses
 * only the rows of its own sequences.
 *
 * @param sequences rows of the page table
 * @param maxPages columns of the page table
 */
record InputLayout(
    long tokenIds,
    long nextIds,
    long position,
    long sequence,
    long logitRows,
    long sampling,
    long pageTable,
    long bytes,
    int sequences,
    int maxPages) {
  /**
   * @param maxPages of the longest sequence
   * @param mtp with room for {@code nextIds}
   */
  static InputLayout of(StepBounds most, int maxPages, boolean mtp) {
    long tokens = Buffer.aligned((long) Integer.BYTES * most.tokens());
    long position = (mtp ? 2 : 1) * tokens;
    long logitRows = position + 2 * tokens;
    long sampling = logitRows + Buffer.aligned((long) Integer.BYTES * most.logitRows());
    long pageTable = sampling + Buffer.aligned(Sampling.BYTES * most.logitRows());
    long pages = Buffer.aligned((long) Integer.BYTES * most.sequences() * maxPages);
    return new InputLayout(
        0,
        tokens,
        position,
        position + tokens,
        logitRows,
        sampling,
        pageTable,
        pageTable + pages,
        most.sequences(),
        maxPages);
  }

  /** Whether there is room for the tokens that follow. */
  boolean hasNextIds() {
    return position > nextIds;
  }

  /** Bytes that a step of {@code count} sequences uses. */
  long usedBytes(int count) {
    return pageTable + (long) Integer.BYTES * count * maxPages;
  }

  /** Offset of a sequence's row of the page table. */
  long pages(int row) {
    return usedBytes(row);
  }

  /** The arrays within a buffer of {@link #bytes}. */
  StepInputs in(Buffer buffer, Buffer masks, Buffer drawn) {
    return new StepInputs(
        buffer.slice(tokenIds, nextIds - tokenIds),
        buffer.slice(nextIds, position - nextIds),
        buffer.slice(position, sequence - position),
        buffer.slice(sequence, logitRows - sequence),
        buffer.slice(logitRows, sampling - logitRows),
        buffer.slice(sampling, pageTable - sampling),
        masks,
        drawn,
        buffer.slice(pageTable, bytes - pageTable),
        sequences,
        maxPages);
  }
}

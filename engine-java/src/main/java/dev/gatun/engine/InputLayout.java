// InputLayout: where each of a step's inputs begins, in the host's memory as in the device's.
package dev.gatun.engine;

import dev.gatun.device.Buffer;
import dev.gatun.device.Sampling;
import dev.gatun.graph.Step;

/**
 * Byte offsets of the arrays of {@link Step.Inputs}; tokens come first, since a step may have them
 * already.
 */
record InputLayout(
    long tokenIds,
    long position,
    long sequence,
    long pageTable,
    long logitRows,
    long sampling,
    long bytes) {
  private static final long ALIGNMENT = 64;

  /**
   * @param tokens of the largest step
   * @param maxPages of the longest sequence
   */
  static InputLayout of(int tokens, int maxPages) {
    long each = aligned((long) Integer.BYTES * tokens);
    long rows = 3 * each + aligned((long) Integer.BYTES * maxPages);
    long sampling = rows + each;
    return new InputLayout(
        0, each, 2 * each, 3 * each, rows, sampling, sampling + aligned(Sampling.BYTES));
  }

  private static long aligned(long bytes) {
    return Math.ceilDiv(bytes, ALIGNMENT) * ALIGNMENT;
  }

  /** The arrays within a buffer of {@link #bytes}. */
  Step.Inputs in(Buffer buffer) {
    return new Step.Inputs(
        buffer.slice(tokenIds, position - tokenIds),
        buffer.slice(position, sequence - position),
        buffer.slice(sequence, pageTable - sequence),
        buffer.slice(pageTable, logitRows - pageTable),
        buffer.slice(logitRows, sampling - logitRows),
        buffer.slice(sampling, bytes - sampling));
  }
}

// StepInputs: the memory of a device in which a step finds what it is given.
package dev.gatun.op;

import dev.gatun.device.Buffer;

/**
 * Buffers at fixed addresses that live as long as the programs that read them. Their contents
 * change from step to step.
 *
 * @param tokenIds (tokens) int32; -1 - k stands for what {@code drawn} holds in row k
 * @param nextIds (tokens) int32, the token that follows each, likewise; of steps that run the layer
 *     of multi-token prediction
 * @param position (tokens) int32, position of each token in its sequence
 * @param sequence (tokens) int32, row of the page table, -1 for a row of padding
 * @param logitRows (rows) int32, which tokens' logits are wanted
 * @param sampling (rows) {@code gk_sampling}
 * @param masks (sequences, words of a mask) int32, a bit a token: which may be drawn
 * @param drawn (rows) int32, the tokens that a step draws
 * @param pageTable (sequences, maxPages) int32
 * @param sequences rows of the page table
 * @param maxPages columns of the page table
 */
public record StepInputs(
    Buffer tokenIds,
    Buffer nextIds,
    Buffer position,
    Buffer sequence,
    Buffer logitRows,
    Buffer sampling,
    Buffer masks,
    Buffer drawn,
    Buffer pageTable,
    int sequences,
    int maxPages) {

  /** For ops that run outside of a step. */
  public static final StepInputs NONE =
      new StepInputs(
          Buffer.NONE,
          Buffer.NONE,
          Buffer.NONE,
          Buffer.NONE,
          Buffer.NONE,
          Buffer.NONE,
          Buffer.NONE,
          Buffer.NONE,
          Buffer.NONE,
          0,
          0);
}

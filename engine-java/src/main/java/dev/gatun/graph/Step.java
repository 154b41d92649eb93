// Step: the shape of one run of the model; what changes from step to step lies in device buffers.
package dev.gatun.graph;

import dev.gatun.device.Buffer;

/**
 * A step of {@code tokens} tokens, of which the last layer keeps {@code logitRows}.
 *
 * @param tokens tokens of the step, of all sequences together
 * @param logitRows rows of logits wanted, at most {@code tokens}
 * @param draws whether the device draws the next token, of one row of logits
 * @param maxPages columns of the page table
 * @param inputs the buffers, at least as long as the step
 */
public record Step(int tokens, int logitRows, boolean draws, int maxPages, Inputs inputs) {

  /**
   * Buffers that live as long as the engine.
   *
   * @param tokenIds (tokens) int32; a step that draws leaves the next step's token at their front
   * @param position (tokens) int32, position of each token in its sequence
   * @param sequence (tokens) int32, row of the page table
   * @param pageTable (sequences, maxPages) int32
   * @param logitRows (rows) int32, which tokens' logits are wanted
   * @param sampling (1) {@code gk_sampling}
   */
  public record Inputs(
      Buffer tokenIds,
      Buffer position,
      Buffer sequence,
      Buffer pageTable,
      Buffer logitRows,
      Buffer sampling) {}

  /** The shape of a step that is planned and never run: it has no buffers. */
  public static Step ofShape(int tokens, int logitRows) {
    Buffer none = Buffer.NONE;
    Inputs inputs = new Inputs(none, none, none, none, none, none);
    return new Step(tokens, logitRows, false, 0, inputs);
  }

  /** True where every token's logits are wanted. */
  public boolean keepsAllRows() {
    return tokens == logitRows;
  }
}

// MtpForward: runs given tokens, and hands over the logits of the layer of multi-token prediction.
package dev.gatun.engine;

import java.util.Arrays;

final class MtpForward extends Forward {
  private final int[] next;

  /**
   * @param ids at most as many as a step has rows of logits
   * @param next the token that follows each of them
   */
  MtpForward(Sequence sequence, int[] ids, int[] next, int vocab) {
    super(sequence, ids, true, vocab);
    this.next = next;
  }

  @Override
  int[] next(int first, int count) {
    return Arrays.copyOfRange(next, first, first + count);
  }

  @Override
  boolean isAlone() {
    return true;
  }
}

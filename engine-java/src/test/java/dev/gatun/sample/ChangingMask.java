// ChangingMask: a mask that follows from the whole answer so far, and so tells one draw from
// another.
package dev.gatun.sample;

import dev.gatun.refusal.Refusal;
import java.lang.foreign.MemorySegment;
import java.util.Random;

/** Allows many tokens, few, one, or all. What nobody may do with a mask is an AssertionError. */
public final class ChangingMask implements TokenMask {
  private final int vocab;
  private final int breaksAt;
  private long state;
  private int count;
  private volatile boolean closed;

  /**
   * @param breaksAt how many tokens the answer has when it can no longer be worked out; -1 for
   *     never
   */
  public ChangingMask(int vocab, long seed, int breaksAt) {
    this.vocab = vocab;
    this.breaksAt = breaksAt;
    state = seed;
  }

  @Override
  public MemorySegment allowed() {
    requireOpen();
    if (count == breaksAt) {
      throw Refusal.usage("the mask breaks", "mend it");
    }
    return MemorySegment.ofArray(words());
  }

  private int[] words() {
    Random random = new Random(state);
    int[] words = new int[Math.ceilDiv(vocab, Integer.SIZE)];
    int kind = random.nextInt(4);
    for (int token = 0; token < vocab; token++) {
      if (kind == 0 || kind == 1 && random.nextInt(3) > 0 || kind == 2 && random.nextInt(20) == 0) {
        words[token / Integer.SIZE] |= 1 << token;
      }
    }
    int one = random.nextInt(vocab);
    words[one / Integer.SIZE] |= 1 << one;
    return words;
  }

  @Override
  public void accept(int token) {
    requireOpen();
    if ((words()[token / Integer.SIZE] >>> token & 1) == 0) {
      throw new AssertionError("token " + token + " is not allowed after " + count);
    }
    state = 31 * state + token + 1;
    count++;
  }

  @Override
  public boolean ends() {
    requireOpen();
    return false;
  }

  private void requireOpen() {
    if (closed) {
      throw new AssertionError("the mask is closed");
    }
  }

  @Override
  public void close() {
    closed = true;
  }
}

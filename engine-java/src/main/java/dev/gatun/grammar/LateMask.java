// LateMask: a mask that begins in the middle of an answer.
package dev.gatun.grammar;

import dev.gatun.sample.TokenMask;
import java.lang.foreign.MemorySegment;
import java.util.function.IntPredicate;

/** What comes before it begins, such as a model's thinking, is free. */
public final class LateMask implements TokenMask {
  private static final MemorySegment EVERYTHING = MemorySegment.ofArray(new int[0]);

  private final TokenMask mask;
  private final IntPredicate opens;
  private boolean begun;

  /**
   * @param mask of what follows; closed with this one
   * @param opens hears each token until it says that the mask begins behind it
   */
  public LateMask(TokenMask mask, IntPredicate opens) {
    this.mask = mask;
    this.opens = opens;
  }

  @Override
  public MemorySegment allowed() {
    return begun ? mask.allowed() : EVERYTHING;
  }

  /** From the first token on: the mask of what follows is then there when it begins. */
  @Override
  public void prepare() {
    mask.prepare();
  }

  @Override
  public void accept(int token) {
    if (begun) {
      mask.accept(token);
    } else {
      begun = opens.test(token);
    }
  }

  @Override
  public boolean ends() {
    return begun && mask.ends();
  }

  @Override
  public void close() {
    mask.close();
  }
}

// TurnMask: a mask that allows other tokens at each place of an answer.
package dev.gatun.verify;

import dev.gatun.sample.TokenMask;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/** At place n those whose ids leave n when divided by the number of turns. */
final class TurnMask implements TokenMask {
  private static final int TURNS = 5;

  private final int[] words;
  private int place;

  TurnMask(int vocab) {
    words = new int[Math.ceilDiv(vocab, Integer.SIZE)];
  }

  @Override
  public MemorySegment allowed() {
    Arrays.fill(words, 0);
    for (int token = place % TURNS; token < words.length * Integer.SIZE; token += TURNS) {
      words[token / Integer.SIZE] |= 1 << token % Integer.SIZE;
    }
    return MemorySegment.ofArray(words);
  }

  @Override
  public void accept(int token) {
    place++;
  }

  @Override
  public boolean ends() {
    return false;
  }

  @Override
  public void close() {}
}

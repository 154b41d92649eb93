// TokenLogProb: a token of an answer with how likely it was.
package dev.gatun.chat;

import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/**
 * Of the model's own distribution: before bias, penalties, temperature and cuts.
 *
 * @param id the token
 * @param bytes its text, which may be a part of a character; not to be changed
 * @param logProb natural logarithm of its probability, at most 0; of rounded float32 logits
 * @param top the likeliest tokens at its place, likeliest first, ties by id; they have no {@code
 *     top} of their own
 */
public record TokenLogProb(int id, byte[] bytes, double logProb, List<TokenLogProb> top) {
  public TokenLogProb {
    top = List.copyOf(top);
  }

  /** By the bytes' values. */
  @Override
  public boolean equals(Object other) {
    return other instanceof TokenLogProb that
        && id == that.id
        && Arrays.equals(bytes, that.bytes)
        && Double.compare(logProb, that.logProb) == 0
        && top.equals(that.top);
  }

  @Override
  public int hashCode() {
    return Objects.hash(id, Arrays.hashCode(bytes), logProb, top);
  }
}

// Scores: log-probabilities with the texts of their tokens.
package dev.gatun.dialogue;

import dev.gatun.chat.ChatOptions;
import dev.gatun.chat.TokenLogProb;
import dev.gatun.engine.Session;
import dev.gatun.refusal.Refusal;
import dev.gatun.sample.LogProbs;
import dev.gatun.text.Tokenizer;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.BooleanSupplier;

/** For one thread. */
final class Scores {
  private final Tokenizer tokenizer;
  private final int[] ids;
  private final int top;
  private final List<TokenLogProb> found = new ArrayList<>();

  /**
   * @param ids a text, each below the tokenizer's size
   * @param top how many of the likeliest tokens are told beside each
   */
  Scores(Tokenizer tokenizer, int[] ids, int top) {
    if (top < 0 || top > ChatOptions.MOST_LOG_PROBS) {
      throw Refusal.usage(
          top + " log-probabilities a token", "ask for 0 to " + ChatOptions.MOST_LOG_PROBS);
    }
    this.tokenizer = tokenizer;
    this.ids = ids;
    this.top = top;
  }

  /**
   * Runs all but the last of the tokens in a session without any. Refusal (interrupted) where it
   * was.
   *
   * @param interrupted asked now and then
   */
  void run(Session session, BooleanSupplier interrupted) {
    if (interrupted.getAsBoolean()) {
      throw Refusal.interrupted("interrupted before the text was read");
    }
    if (ids.length > 1) {
      int vocab = session.engine().config().vocab();
      int[] followed = Arrays.copyOf(ids, ids.length - 1);
      session.logits(followed, rows -> add(rows, vocab), interrupted);
    }
  }

  /** Of each token that follows one which was run; the first has none. */
  List<TokenLogProb> found() {
    return found;
  }

  private void add(MemorySegment rows, int rowLength) {
    long bytes = (long) rowLength * Float.BYTES;
    int limit = Math.min(tokenizer.vocabSize(), rowLength);
    for (long at = 0; at < rows.byteSize(); at += bytes) {
      int next = ids[found.size() + 1];
      found.add(named(LogProbs.of(rows.asSlice(at, bytes), limit, next, top), tokenizer));
    }
  }

  /** What the engine tells of a token, in the library's words. */
  static TokenLogProb named(LogProbs found, Tokenizer tokenizer) {
    List<TokenLogProb> top =
        found.top().stream().map(each -> named(each, List.of(), tokenizer)).toList();
    return named(found.drawn(), top, tokenizer);
  }

  private static TokenLogProb named(
      LogProbs.LogProb found, List<TokenLogProb> top, Tokenizer tokenizer) {
    return new TokenLogProb(found.token(), tokenizer.bytes(found.token()), found.logProb(), top);
  }
}

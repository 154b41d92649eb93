// Scores: log-probabilities with the texts of their tokens.
package dev.gatun.dialogue;

import dev.gatun.chat.TokenLogProb;
import dev.gatun.sample.LogProbs;
import dev.gatun.text.Tokenizer;
import java.util.List;

final class Scores {
  private Scores() {}

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

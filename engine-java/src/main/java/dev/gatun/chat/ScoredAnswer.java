// ScoredAnswer: an answer with the log-probabilities of the prompt it continues.
package dev.gatun.chat;

import java.util.List;

/**
 * @param prompt of each token of the prompt but the first, which nothing came before; those that
 *     were read where the answer was cancelled meanwhile
 */
public record ScoredAnswer(List<TokenLogProb> prompt, Answer answer) {
  public ScoredAnswer {
    prompt = List.copyOf(prompt);
  }
}

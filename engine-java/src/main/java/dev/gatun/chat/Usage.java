// Usage: what an answer took.
package dev.gatun.chat;

import java.time.Duration;

/**
 * @param promptTokens of the whole prompt
 * @param cachedTokens of them, which were in the cache and did not have to be read: what this
 *     conversation said before, or full pages that another one's prompt began with alike
 * @param thinkingTokens drawn until the thinking was closed; 0 for a model that does not think
 * @param answerTokens drawn after that, with the one that ended the answer
 * @param promptTime from the call to the first token, with the wait for others' answers
 * @param generationTime from there to the last token
 */
public record Usage(
    int promptTokens,
    int cachedTokens,
    int thinkingTokens,
    int answerTokens,
    Duration promptTime,
    Duration generationTime) {

  /** All tokens that were drawn. */
  public int generatedTokens() {
    return thinkingTokens + answerTokens;
  }
}

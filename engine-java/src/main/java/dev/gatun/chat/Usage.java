// Usage: what an answer took.
package dev.gatun.chat;

import java.time.Duration;

/**
 * @param promptTokens of the whole prompt
 * @param cachedTokens of them, which were in the cache and did not have to be read: what this
 *     conversation said before, or full pages that another one's prompt began with alike
 * @param thinkingTokens drawn until the thinking was closed, with those that closed it, drawn or
 *     written in the model's place; 0 for a model that does not think
 * @param answerTokens behind those, with the one that ended the answer
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

  /** The same where the prompt was read before the call, none of it from the cache. */
  public Usage afterReading(Duration time) {
    Duration both = promptTime.plus(time);
    return new Usage(promptTokens, 0, thinkingTokens, answerTokens, both, generationTime);
  }

  /** All tokens behind the prompt. */
  public int generatedTokens() {
    return thinkingTokens + answerTokens;
  }
}

// Prompts: whether a prompt fits the context.
package dev.gatun.server.openai;

import dev.gatun.server.ApiError;

public final class Prompts {
  private Prompts() {}

  /**
   * @throws ApiError where there is no room for one token of an answer
   */
  public static void requireRoom(int tokens, int context) {
    if (tokens >= context) {
      throw ApiError.exceedsContext(
          "the prompt has "
              + tokens
              + " tokens, and the context holds "
              + context
              + " with the answer; shorten it, or start the server with a larger context (-c)");
    }
  }
}

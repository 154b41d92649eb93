// Prompts: the prompt of a conversation, where it fits the context.
package dev.gatun.server.generation;

import dev.gatun.Gatun;
import dev.gatun.chat.ChatOptions;
import dev.gatun.chat.Message;
import dev.gatun.dialogue.Prompt;
import dev.gatun.server.ApiError;
import java.util.List;

public final class Prompts {
  private Prompts() {}

  /**
   * @throws ApiError where there is no room for one token of an answer
   */
  public static Prompt of(Gatun model, List<Message> messages, ChatOptions options) {
    Prompt prompt = model.prompt(messages, options);
    requireRoom(prompt.ids().length, model.context());
    return prompt;
  }

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

// Conversation: the fields of a request that its prompt is made of.
package dev.gatun.server.anthropic;

import dev.gatun.chat.ChatOptions;
import dev.gatun.chat.Message;
import dev.gatun.server.ApiError;
import dev.gatun.server.Fields;
import java.util.ArrayList;
import java.util.List;

/**
 * @param options with tools, thinking and the template's variables
 */
record Conversation(List<Message> messages, ChatOptions options) {
  static Conversation read(Fields fields) {
    fields.node("cache_control"); // what prompts share is always kept
    List<Message> messages = new ArrayList<>();
    fields
        .node("system")
        .map(node -> TextBlocks.text(fields.path("system"), node))
        .ifPresent(text -> messages.add(Message.system(text)));
    messages.addAll(Turns.read(fields.required("messages")));
    if (messages.getLast().role().equals("assistant")) {
      throw ApiError.invalid(
          "messages", "messages ends with the assistant's turn; end with the user's");
    }
    ChatOptions options = OutputConfig.read(fields, ChatOptions.defaults());
    options = Thinking.read(fields, options).withTools(Tools.read(fields));
    return new Conversation(messages, options);
  }
}

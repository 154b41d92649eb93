// Message: one turn of a conversation.
package dev.gatun.chat;

import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * @param role system, user, assistant or tool in most chat templates
 * @param content the text, as it was said; empty where an assistant did nothing but call tools
 * @param thinking what an assistant thought before, where it is known apart from {@code content};
 *     else empty
 * @param toolCalls of an assistant, in order
 * @param toolCallId of a tool's result: the {@link ToolCall#id} it answers
 */
public record Message(
    String role,
    String content,
    String thinking,
    List<ToolCall> toolCalls,
    Optional<String> toolCallId) {
  public Message {
    Objects.requireNonNull(role, "role");
    Objects.requireNonNull(content, "content");
    Objects.requireNonNull(thinking, "thinking");
    Objects.requireNonNull(toolCallId, "toolCallId");
    toolCalls = List.copyOf(toolCalls);
  }

  /** A turn of text alone. */
  public Message(String role, String content) {
    this(role, content, "", List.of(), Optional.empty());
  }

  /** How the model should behave; first of all, where there is one. */
  public static Message system(String content) {
    return new Message("system", content);
  }

  public static Message user(String content) {
    return new Message("user", content);
  }

  public static Message assistant(String content) {
    return new Message("assistant", content);
  }

  /** What a tool gave back. */
  public static Message toolResult(String toolCallId, String content) {
    return new Message("tool", content, "", List.of(), Optional.of(toolCallId));
  }
}

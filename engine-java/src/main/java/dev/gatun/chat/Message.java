// Message: one turn of a conversation.
package dev.gatun.chat;

import java.util.Objects;

/**
 * @param role system, user, assistant or tool in most chat templates
 * @param content the text, as it was said
 */
public record Message(String role, String content) {
  public Message {
    Objects.requireNonNull(role, "role");
    Objects.requireNonNull(content, "content");
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
}

// Transcript: what was said so far in a conversation.
package dev.gatun.dialogue;

import dev.gatun.chat.Message;
import java.util.ArrayList;
import java.util.List;

/** Messages in order, a system message first if there is one. For one thread. */
public final class Transcript {
  private static final String SYSTEM = "system";

  private final List<Message> messages = new ArrayList<>();

  /** A copy. */
  public List<Message> messages() {
    return List.copyOf(messages);
  }

  /** Replaces the system message; an empty text removes it. */
  public void system(String text) {
    messages.removeIf(message -> message.role().equals(SYSTEM));
    if (!text.isEmpty()) {
      messages.addFirst(Message.system(text));
    }
  }

  public void add(Message message) {
    messages.add(message);
  }

  /** Takes back the last message, which could not be answered. */
  public void retract() {
    messages.removeLast();
  }

  /** Forgets all but the system message. */
  public void clear() {
    messages.removeIf(message -> !message.role().equals(SYSTEM));
  }

  /** Replaces all messages. */
  public void replace(List<Message> others) {
    List<Message> copy = List.copyOf(others);
    messages.clear();
    messages.addAll(copy);
  }
}

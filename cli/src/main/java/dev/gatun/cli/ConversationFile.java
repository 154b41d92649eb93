// Conversation: what was said so far; kept, cleared, saved and loaded.
package dev.gatun.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.gatun.refusal.Refusal;
import dev.gatun.text.ChatTemplate.Message;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Messages in order, a system message first if there is one. The file is what {@code gatun render
 * --messages} reads.
 */
final class Conversation {
  private static final String SYSTEM = "system";

  private final List<Message> messages = new ArrayList<>();

  List<Message> messages() {
    return List.copyOf(messages);
  }

  /** Replaces the system message; an empty text removes it. */
  void system(String text) {
    messages.removeIf(message -> message.role().equals(SYSTEM));
    if (!text.isEmpty()) {
      messages.addFirst(new Message(SYSTEM, text));
    }
  }

  void user(String text) {
    messages.add(new Message("user", text));
  }

  void assistant(String text) {
    messages.add(new Message("assistant", text));
  }

  /** Takes back the last message, which could not be answered. */
  void retract() {
    messages.removeLast();
  }

  /** Forgets all but the system message. */
  void clear() {
    messages.removeIf(message -> !message.role().equals(SYSTEM));
  }

  /**
   * Writes the messages as a JSON array. Refuses to write over a file that is not such an array.
   */
  void save(Path file, Stdio stdio) {
    if (Files.exists(file)) {
      read(file, stdio);
    }
    List<Map<String, String>> array = messages.stream().map(Conversation::asMap).toList();
    Path part = file.resolveSibling(file.getFileName() + ".part");
    try {
      Files.write(part, (Json.pretty(array) + "\n").getBytes(StandardCharsets.UTF_8));
      Files.move(part, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw Refusal.io(
          "cannot write '" + file + "': " + TextFile.reason(e),
          "check the folder and the free space",
          e);
    }
  }

  /** Replaces all messages by those of a file. */
  void load(Path file, Stdio stdio) {
    List<Message> read = read(file, stdio);
    messages.clear();
    messages.addAll(read);
  }

  private static List<Message> read(Path file, Stdio stdio) {
    String name = "'" + file + "'";
    JsonNode json = Json.parse(TextFile.read(file.toString(), stdio), name);
    List<Message> read = new ArrayList<>();
    if (!json.isArray()) {
      throw noConversation(name);
    }
    for (JsonNode message : json) {
      if (!message.path("role").isTextual() || !message.path("content").isTextual()) {
        throw noConversation(name);
      }
      read.add(new Message(message.get("role").textValue(), message.get("content").textValue()));
    }
    return read;
  }

  private static Refusal noConversation(String name) {
    return Refusal.usage(
        name + " is no conversation",
        "name a JSON array of objects with role and content, as /save writes it");
  }

  private static Map<String, String> asMap(Message message) {
    Map<String, String> map = new LinkedHashMap<>();
    map.put("role", message.role());
    map.put("content", message.content());
    return map;
  }
}

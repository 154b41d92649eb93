// ConversationFile: what was said in a conversation, saved and loaded.
package dev.gatun.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.gatun.chat.Message;
import dev.gatun.refusal.Refusal;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A JSON array of messages, which {@code gatun render --messages} reads too. */
final class ConversationFile {
  private ConversationFile() {}

  /**
   * Writes the messages as a JSON array. Refuses to write over a file that is not such an array.
   */
  static void save(Path file, List<Message> messages, Stdio stdio) {
    if (Files.exists(file)) {
      load(file, stdio);
    }
    List<Map<String, String>> array = messages.stream().map(ConversationFile::asMap).toList();
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

  /** The messages of a file. */
  static List<Message> load(Path file, Stdio stdio) {
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

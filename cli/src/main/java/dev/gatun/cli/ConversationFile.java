// ConversationFile: a conversation, saved and loaded: what was said, and how the next answer is
// drawn.
package dev.gatun.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.gatun.chat.ChatOptions;
import dev.gatun.chat.Message;
import dev.gatun.refusal.Refusal;
import dev.gatun.sample.SamplingOptions;
import dev.gatun.text.ChatTemplate;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * A JSON object with the messages and the template's variables, as {@code gatun render --messages}
 * reads it, and under {@code gatun} what else the next answer follows from. A draw needs no more
 * than its seed and the tokens before it, and these follow from the messages. An array of messages,
 * or an object without {@code gatun}, is read too.
 */
final class ConversationFile {
  private static final String MESSAGES = "messages";
  private static final String OURS = "gatun";
  private static final int VERSION = 1;

  private ConversationFile() {}

  /**
   * A conversation as it is saved.
   *
   * @param state what else the next answer follows from; a file of others has none
   */
  record Saved(List<Message> messages, Map<String, Object> variables, Optional<State> state) {}

  /**
   * How answers are drawn.
   *
   * @param maxTokens of an answer, -1 for no limit
   */
  record State(
      ModelIdentity model,
      SamplingOptions sampling,
      int maxTokens,
      List<String> stops,
      boolean ignoresEnd) {

    static State of(ModelIdentity model, SamplingOptions sampling, ChatOptions limits) {
      return new State(model, sampling, limits.maxTokens(), limits.stops(), limits.ignoresEnd());
    }

    /** The limits with what is saved. */
    ChatOptions over(ChatOptions limits) {
      return limits
          .withMaxTokens(maxTokens)
          .withStops(stops.toArray(String[]::new))
          .withIgnoredEnd(ignoresEnd);
    }
  }

  /**
   * Writes a conversation, whole or not at all: what was saved before stays until the new file is
   * complete. Refuses to write over a file that is no conversation.
   */
  static void save(Path file, Saved saved, Stdio stdio) {
    if (Files.exists(file)) {
      load(file, stdio);
    }
    Path part = file.resolveSibling(file.getFileName() + ".part");
    try {
      write(part, (Json.pretty(json(saved)) + "\n").getBytes(StandardCharsets.UTF_8));
      Files.move(part, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw Refusal.io(
          "cannot write '" + file + "': " + TextFile.reason(e),
          "check the folder and the free space",
          e);
    }
  }

  private static void write(Path file, byte[] bytes) throws IOException {
    try (FileChannel channel =
        FileChannel.open(
            file,
            StandardOpenOption.CREATE,
            StandardOpenOption.WRITE,
            StandardOpenOption.TRUNCATE_EXISTING)) {
      ByteBuffer left = ByteBuffer.wrap(bytes);
      while (left.hasRemaining()) {
        channel.write(left);
      }
      channel.force(true); // before the name is its own
    }
  }

  private static Map<String, Object> json(Saved saved) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put(MESSAGES, saved.messages().stream().map(ConversationFile::asMap).toList());
    json.putAll(saved.variables());
    saved.state().ifPresent(state -> json.put(OURS, json(state)));
    return json;
  }

  private static Map<String, Object> json(State state) {
    Map<String, Object> model = new LinkedHashMap<>();
    model.put("name", state.model().name());
    model.put("tokenizer", state.model().tokenizer());
    model.put("arithmetic", state.model().arithmetic());
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("version", VERSION);
    json.put("model", model);
    json.put("sampling", SamplingJson.write(state.sampling()));
    json.put("max_tokens", state.maxTokens());
    json.put("stop", state.stops());
    json.put("ignore_eos", state.ignoresEnd());
    return json;
  }

  /** The conversation of a file. */
  static Saved load(Path file, Stdio stdio) {
    String name = "'" + file + "'";
    JsonNode json = Json.parse(TextFile.read(file.toString(), stdio), name);
    JsonNode messages = json.isArray() ? json : json.path(MESSAGES);
    List<Message> read = new ArrayList<>();
    if (!messages.isArray()) {
      throw noConversation(name);
    }
    for (JsonNode message : messages) {
      if (!message.path("role").isTextual() || !message.path("content").isTextual()) {
        throw noConversation(name);
      }
      read.add(new Message(message.get("role").textValue(), message.get("content").textValue()));
    }
    Map<String, Object> variables = new LinkedHashMap<>();
    if (json.isObject()) {
      variables.putAll(ChatTemplate.variables(json));
      variables.keySet().removeAll(List.of(MESSAGES, OURS));
      variables.values().removeIf(Objects::isNull);
    }
    return new Saved(
        read, variables, Optional.ofNullable(json.get(OURS)).map(ours -> state(ours, name)));
  }

  private static State state(JsonNode ours, String name) {
    int version = ours.path("version").asInt(0);
    if (version > VERSION) {
      throw Refusal.usage(
          name + " is of version " + version + ", this gatun reads up to " + VERSION,
          "use a newer gatun");
    }
    JsonNode model = ours.path("model");
    List<String> stops = new ArrayList<>();
    ours.path("stop").forEach(stop -> stops.add(stop.asText()));
    if (version < 1 || !model.path("name").isTextual() || !model.path("tokenizer").isTextual()) {
      throw noConversation(name);
    }
    return new State(
        new ModelIdentity(
            model.get("name").textValue(),
            model.get("tokenizer").textValue(),
            model.path("arithmetic").asText()),
        SamplingJson.read(ours.path("sampling"), name),
        ours.path("max_tokens").asInt(-1),
        stops,
        ours.path("ignore_eos").asBoolean());
  }

  private static Refusal noConversation(String name) {
    return Refusal.usage(
        name + " is no conversation",
        "name a file that /save has written, or a JSON array of objects with role and content");
  }

  private static Map<String, String> asMap(Message message) {
    Map<String, String> map = new LinkedHashMap<>();
    map.put("role", message.role());
    map.put("content", message.content());
    return map;
  }
}

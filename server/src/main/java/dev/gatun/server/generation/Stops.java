// Stops: a request's texts that end an answer before them.
package dev.gatun.server.generation;

import com.fasterxml.jackson.databind.JsonNode;
import dev.gatun.server.ApiError;
import dev.gatun.server.Fields;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

public final class Stops {
  private static final int MOST = 32;

  private Stops() {}

  /** Of a field that holds a text or an array of texts, or is left out. */
  public static String[] read(Fields fields, String name) {
    Optional<JsonNode> node = fields.node(name);
    List<JsonNode> texts = new ArrayList<>();
    if (node.isPresent() && node.get().isArray()) {
      node.get().forEach(texts::add);
    } else {
      node.ifPresent(texts::add);
    }
    String path = fields.path(name);
    if (texts.stream().anyMatch(text -> !text.isTextual() || text.textValue().isEmpty())) {
      throw ApiError.invalid(path, path + " holds what is no text, or an empty one; send texts");
    }
    if (!texts.stream().allMatch(text -> isWhole(text.textValue()))) {
      throw ApiError.invalid(path, path + " holds half a character; send whole ones");
    }
    if (texts.size() > MOST) {
      throw ApiError.invalid(path, path + " has " + texts.size() + " texts; send " + MOST);
    }
    return texts.stream().map(JsonNode::textValue).toArray(String[]::new);
  }

  /** Whether it has no half of a surrogate pair alone: an answer would be cut between the two. */
  private static boolean isWhole(String text) {
    return StandardCharsets.UTF_8.newEncoder().canEncode(text);
  }
}

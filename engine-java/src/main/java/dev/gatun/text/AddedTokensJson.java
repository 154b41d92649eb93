// AddedTokensJson: reads the added tokens of a tokenizer.json and of the tokenizer_config.json beside it.
package dev.gatun.text;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.TextNode;
import dev.gatun.refusal.Refusal;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

/**
 * @param file the path of tokenizer.json, for messages
 * @param fields its top-level fields
 * @param config the content of tokenizer_config.json
 */
record AddedTokensJson(Path file, JsonNode fields, JsonNode config) {
  /**
   * The tokens of {@code added_tokens}, and those of the configuration's {@code added_tokens_decoder} that it lacks. A text
   * that {@code own} holds keeps its id there.
   */
  List<AddedToken> read(Vocabulary own) {
    Map<String, AddedToken> tokens = new LinkedHashMap<>();
    for (JsonNode node : fields.path("added_tokens")) {
      AddedToken token = token(node, node.path("id"), own);
      tokens.put(token.content(), token);
    }
    for (Map.Entry<String, JsonNode> entry : config.path("added_tokens_decoder").properties()) {
      AddedToken token = token(entry.getValue(), TextNode.valueOf(entry.getKey()), own);
      tokens.putIfAbsent(token.content(), token);
    }
    return List.copyOf(tokens.values());
  }

  private AddedToken token(JsonNode node, JsonNode id, Vocabulary own) {
    String content = node.path("content").asText("");
    long number = id.asLong(-1);
    if (content.isEmpty() || number < 0) {
      throw Refusal.model(
          file + " has an added token without id or content: " + node, "download the model again");
    }
    boolean special = node.path("special").asBoolean();
    return new AddedToken(
        own.id(content).orElse(Vocabulary.checkedId(number, content)),
        content,
        node.path("single_word").asBoolean(),
        node.path("lstrip").asBoolean(),
        node.path("rstrip").asBoolean(),
        node.path("normalized").asBoolean(!special),
        special);
  }

  /** The special token that a {@code TemplateProcessing} post-processor puts before a single text. */
  static OptionalInt templateBos(JsonNode processor, AddedTokens added) {
    for (JsonNode member : processor.path("processors")) {
      OptionalInt bos = templateBos(member, added);
      if (bos.isPresent()) {
        return bos;
      }
    }
    JsonNode first = processor.path("single").path(0).path("SpecialToken").path("id");
    return first.isTextual() ? added.id(first.textValue()) : OptionalInt.empty();
  }
}

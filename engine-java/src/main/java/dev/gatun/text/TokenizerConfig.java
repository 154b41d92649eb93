// TokenizerConfig: the small files beside a folder's vocabulary, and the markers they name.
package dev.gatun.text;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import dev.gatun.refusal.Refusal;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;

/**
 * @param file the path of the vocabulary, for messages
 * @param config the content of tokenizer_config.json, a missing node where there is none
 * @param generation that of generation_config.json
 */
record TokenizerConfig(Path file, JsonNode config, JsonNode generation) {
  private static final ObjectMapper JSON = JsonMapper.builder().build();

  /** Of the files beside {@code file}. */
  static TokenizerConfig beside(Path file) {
    return new TokenizerConfig(
        file,
        tree(file.resolveSibling("tokenizer_config.json")),
        tree(file.resolveSibling("generation_config.json")));
  }

  /**
   * @param templateBos the token that the vocabulary's own file puts before a text
   */
  Markers markers(AddedTokens added, Vocabulary own, OptionalInt templateBos) {
    OptionalInt bos = marker("bos_token", added, own);
    OptionalInt eos = marker("eos_token", added, own);
    Set<Integer> ends = EndOfGeneration.among(added::id);
    eos.ifPresent(ends::add);
    JsonNode generationEnds = generation.path("eos_token_id");
    for (JsonNode id : generationEnds.isArray() ? generationEnds : List.of(generationEnds)) {
      if (id.canConvertToInt() && id.isIntegralNumber()) {
        ends.add(id.intValue());
        eos = eos.isPresent() ? eos : OptionalInt.of(id.intValue());
      }
    }
    boolean addsBos = config.path("add_bos_token").asBoolean(templateBos.isPresent());
    return new Markers(
        bos.isPresent() ? bos : templateBos,
        eos,
        ends,
        addsBos && (bos.isPresent() || templateBos.isPresent()));
  }

  // A token that tokenizer_config.json names, as a text or as an object with its content.
  private OptionalInt marker(String name, AddedTokens added, Vocabulary own) {
    JsonNode node = config.path(name);
    JsonNode content = node.isObject() ? node.path("content") : node;
    if (!content.isTextual() || content.textValue().isEmpty()) {
      return OptionalInt.empty();
    }
    OptionalInt id = added.id(content.textValue());
    id = id.isPresent() ? id : own.id(content.textValue());
    if (id.isEmpty()) {
      throw Refusal.model(
          "tokenizer_config.json names the "
              + name
              + " \""
              + content.textValue()
              + "\", which "
              + file
              + " lacks",
          "download the model again");
    }
    return id;
  }

  private static JsonNode tree(Path path) {
    if (!Files.exists(path)) {
      return MissingNode.getInstance();
    }
    try {
      return JSON.readTree(path.toFile());
    } catch (IOException e) {
      throw unreadable(path, e);
    }
  }

  static Refusal unreadable(Path path, IOException e) {
    if (e instanceof JsonProcessingException broken) {
      return Refusal.model(
          path
              + " is not valid JSON: "
              + broken.getOriginalMessage().lines().findFirst().orElse(""),
          "download the model again");
    }
    return Refusal.model(path + " cannot be read: " + e.getMessage(), "download the model again");
  }
}

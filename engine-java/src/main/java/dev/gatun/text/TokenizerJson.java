// TokenizerJson: reads a folder's tokenizer.json and the small files beside it.
package dev.gatun.text;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.gatun.refusal.Refusal;
import dev.gatun.weights.Utf8List;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;

/** Streams the two long lists, vocabulary and merges, and reads the rest as trees. */
final class TokenizerJson {
  // A vocabulary's tokens are field names; keeping 150,000 of them in the parser's symbol table
  // only costs.
  private static final ObjectMapper JSON =
      JsonMapper.builder(
              JsonFactory.builder()
                  .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
                  .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
                  .build())
          .build();

  private final Path file;
  private final ObjectNode fields = JSON.createObjectNode(); // of the file, but the model
  private final ObjectNode model =
      JSON.createObjectNode(); // of the model, but vocabulary and merges
  private final Utf8List.Builder tokens = new Utf8List.Builder(160_000);
  private final Ids ids = new Ids(); // beside tokens
  private final Utf8List.Builder merges = new Utf8List.Builder(320_000); // left and right in turn
  private final JsonNode config;
  private final JsonNode generation;

  TokenizerJson(Path folder) {
    file = folder.resolve("tokenizer.json");
    config = beside(folder.resolve("tokenizer_config.json"));
    generation = beside(folder.resolve("generation_config.json"));
  }

  Tokenizer read() {
    try (JsonParser json = JSON.createParser(file.toFile())) {
      expect(json, json.nextToken(), JsonToken.START_OBJECT, "an object");
      while (json.nextToken() != JsonToken.END_OBJECT) {
        String name = json.currentName();
        json.nextToken();
        if (name.equals("model")) {
          readModel(json);
        } else {
          fields.set(name, json.readValueAsTree());
        }
      }
    } catch (IOException e) {
      throw unreadable(file, e);
    }
    return tokenizer();
  }

  private void readModel(JsonParser json) throws IOException {
    expect(json, json.currentToken(), JsonToken.START_OBJECT, "an object as the model");
    while (json.nextToken() != JsonToken.END_OBJECT) {
      String name = json.currentName();
      JsonToken start = json.nextToken();
      if (name.equals("vocab") && start == JsonToken.START_OBJECT) {
        while (json.nextToken() != JsonToken.END_OBJECT) {
          String token = json.currentName();
          expect(json, json.nextToken(), JsonToken.VALUE_NUMBER_INT, "an id for each token");
          ids.add(Vocabulary.checkedId(json.getLongValue(), token));
          tokens.add(token);
        }
      } else if (name.equals("merges")) {
        expect(json, start, JsonToken.START_ARRAY, "a list of merges");
        while (json.nextToken() != JsonToken.END_ARRAY) {
          readMerge(json);
        }
      } else {
        model.set(name, json.readValueAsTree());
      }
    }
  }

  private void readMerge(JsonParser json) throws IOException {
    if (json.currentToken() == JsonToken.START_ARRAY) {
      for (int i = 0; i < 2; i++) {
        expect(json, json.nextToken(), JsonToken.VALUE_STRING, "two tokens in each merge");
        merges.add(json.getText());
      }
      expect(json, json.nextToken(), JsonToken.END_ARRAY, "two tokens in each merge");
    } else {
      expect(json, json.currentToken(), JsonToken.VALUE_STRING, "each merge as a text or a pair");
      String line = json.getText();
      int space = line.indexOf(' ', 1);
      if (space < 0) {
        throw malformed(json, "two tokens in each merge");
      }
      merges.add(line.substring(0, space));
      merges.add(line.substring(space + 1));
    }
  }

  private Tokenizer tokenizer() {
    // Files older than the field hold no model but BPE with these lists.
    String type = model.path("type").asText("BPE");
    if (!type.equals("BPE")) {
      throw Refusal.model(
          file + " holds a tokenizer of the kind " + type,
          "only byte-pair encodings (BPE) are supported");
    }
    if (tokens.size() == 0 || merges.size() == 0) {
      throw Refusal.model(
          file + " has no " + (tokens.size() == 0 ? "vocabulary" : "merges"),
          "download the model again");
    }
    Vocabulary own = ownVocabulary(tokens.build());
    Utf8List pairs = merges.build();
    MergeTable table = new MergeTable(own, pairs.size() / 2);
    for (int i = 0; i < pairs.size(); i += 2) {
      table.add(pairs, i, i + 1);
    }
    Normalization normalization = PipelineJson.normalization(fields.path("normalizer"));
    PipelineJson.PreTokenization cut = PipelineJson.preTokenizer(fields.path("pre_tokenizer"));
    List<AddedToken> list = new AddedTokensJson(file, fields, config).read(own);
    AddedTokens added = new AddedTokens(list, normalization);
    Vocabulary all = own.with(list);
    Bpe bpe = new Bpe(own, table, options(own, cut.byteLevel()), added::isSpecial);
    Decoding decoding = PipelineJson.decoding(fields.path("decoder"));
    return new Tokenizer(all, added, cut.preTokenizer(), bpe, decoding, markers(added, own));
  }

  private Vocabulary ownVocabulary(Utf8List texts) {
    int[] idOf = ids.toArray();
    int size = 0;
    for (int id : idOf) {
      size = Math.max(size, id + 1);
    }
    int[] places = new int[size];
    Arrays.fill(places, -1);
    for (int i = 0; i < idOf.length; i++) {
      int held = places[idOf[i]];
      if (held >= 0) {
        throw Refusal.model(
            file
                + " gives id "
                + idOf[i]
                + " to \""
                + texts.get(held)
                + "\" and \""
                + texts.get(i)
                + "\"",
            "download the model again");
      }
      places[idOf[i]] = i;
    }
    return Vocabulary.of(texts, places);
  }

  private Bpe.Options options(Vocabulary own, boolean byteLevel) {
    for (String name : List.of("continuing_subword_prefix", "end_of_word_suffix")) {
      if (!model.path(name).asText("").isEmpty()) {
        throw Refusal.model(file + " uses " + name, "use a byte-level BPE tokenizer");
      }
    }
    if (model.path("dropout").asDouble(0) != 0) {
      throw Refusal.model(file + " encodes at random (dropout)", "set its model.dropout to null");
    }
    OptionalInt unknown = OptionalInt.empty();
    if (model.path("unk_token").isTextual()) {
      unknown = own.id(model.path("unk_token").textValue());
    }
    return new Bpe.Options(
        byteLevel,
        model.path("ignore_merges").asBoolean(),
        model.path("byte_fallback").asBoolean(),
        unknown,
        model.path("fuse_unk").asBoolean());
  }

  private Markers markers(AddedTokens added, Vocabulary own) {
    OptionalInt templateBos = AddedTokensJson.templateBos(fields.path("post_processor"), added);
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

  private static JsonNode beside(Path path) {
    if (!Files.exists(path)) {
      return MissingNode.getInstance();
    }
    try {
      return JSON.readTree(path.toFile());
    } catch (IOException e) {
      throw unreadable(path, e);
    }
  }

  private void expect(JsonParser json, JsonToken found, JsonToken expected, String what)
      throws IOException {
    if (found != expected) {
      throw malformed(json, what);
    }
  }

  private Refusal malformed(JsonParser json, String expected) {
    return Refusal.model(
        file + " has no " + expected + " at line " + json.currentLocation().getLineNr(),
        "download the model again");
  }

  private static Refusal unreadable(Path path, IOException e) {
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

// TokenizerJson: reads a folder's tokenizer.json and the small files beside it.
package dev.gatun.text;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.gatun.refusal.Refusal;
import dev.gatun.weights.Utf8List;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;

/** Streams the two long lists, vocabulary and merges, and reads the rest as trees. */
final class TokenizerJson {
  static final String FILE = "tokenizer.json";

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
  private final TokenizerConfig beside;

  TokenizerJson(Path folder) {
    file = folder.resolve(FILE);
    beside = TokenizerConfig.beside(file);
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
      throw TokenizerConfig.unreadable(file, e);
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
    List<AddedToken> list = new AddedTokensJson(file, fields, beside.config()).read(own);
    AddedTokens added = new AddedTokens(list, normalization);
    Vocabulary all = own.with(list);
    Bpe bpe = new Bpe(own, table, options(own, cut.byteLevel()), added::isSpecial);
    Decoding decoding = PipelineJson.decoding(fields.path("decoder"));
    OptionalInt templateBos = AddedTokensJson.templateBos(fields.path("post_processor"), added);
    Markers markers = beside.markers(added, own, templateBos);
    return new Tokenizer(all, added, cut.preTokenizer(), bpe, decoding, markers);
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
}

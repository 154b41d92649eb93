// TokenizerFiles: the tokenizers and cases under src/test/resources/tokenizers.
package dev.gatun.text;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.zip.GZIPInputStream;

final class TokenizerFiles {
  static final ObjectMapper JSON = JsonMapper.builder().build();

  /**
   * Ids of a text, and the text of the ids with special tokens or without; no text where only
   * decoding is tested.
   */
  record Case(Optional<String> text, int[] ids, boolean skipSpecial, String decoded) {
    static Case of(JsonNode node) {
      int[] ids = JSON.convertValue(node.get("ids"), int[].class);
      Optional<String> text =
          node.has("noenc") ? Optional.empty() : Optional.of(node.get("text").textValue());
      return new Case(text, ids, node.path("skip").asBoolean(), node.get("decoded").textValue());
    }
  }

  private TokenizerFiles() {}

  static List<String> lines(String resource) {
    try (BufferedReader lines =
        new BufferedReader(new InputStreamReader(open(resource), StandardCharsets.UTF_8))) {
      return lines.lines().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static List<Case> cases(String resource) throws IOException {
    return lines(resource).stream().map(TokenizerFiles::tree).map(Case::of).toList();
  }

  static JsonNode tree(String json) {
    try {
      return JSON.readTree(json);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The tokenizer {@code name}, read from the files of a model folder made in {@code folder}. */
  static Tokenizer fromFolder(String name, Path folder) throws IOException {
    try (InputStream json = open(name + "/tokenizer.json.gz");
        InputStream config =
            TokenizerFiles.class.getResourceAsStream(
                "/tokenizers/" + name + "/tokenizer_config.json")) {
      Files.copy(json, folder.resolve("tokenizer.json"));
      Files.copy(config, folder.resolve("tokenizer_config.json"));
    }
    return Tokenizer.fromFolder(folder);
  }

  /** What a GGUF made of {@code name}'s tokenizer.json holds. */
  static Map<String, Object> gguf(String name, String pre) throws IOException {
    try (InputStream json = open(name + "/tokenizer.json.gz")) {
      return gguf(JSON.readTree(json), pre);
    }
  }

  /** What a GGUF made of the tokenizer.json {@code json} holds. */
  static Map<String, Object> gguf(JsonNode json, String pre) {
    int size = json.at("/model/vocab").size();
    for (JsonNode token : json.get("added_tokens")) {
      size = Math.max(size, token.get("id").intValue() + 1);
    }
    String[] tokens = new String[size];
    int[] types = new int[size];
    Arrays.fill(types, 1);
    json.at("/model/vocab")
        .properties()
        .forEach(entry -> tokens[entry.getValue().intValue()] = entry.getKey());
    for (JsonNode token : json.get("added_tokens")) {
      int id = token.get("id").intValue();
      tokens[id] = token.get("content").textValue();
      types[id] = token.get("special").booleanValue() ? 3 : 4;
    }
    Map<String, Object> metadata = new HashMap<>();
    metadata.put("tokenizer.ggml.model", "gpt2");
    metadata.put("tokenizer.ggml.pre", pre);
    metadata.put("tokenizer.ggml.tokens", tokens);
    metadata.put("tokenizer.ggml.token_type", types);
    List<String> merges = new ArrayList<>();
    for (JsonNode merge : json.at("/model/merges")) {
      boolean pair = merge.isArray();
      merges.add(
          pair ? merge.get(0).textValue() + " " + merge.get(1).textValue() : merge.textValue());
    }
    metadata.put("tokenizer.ggml.merges", merges);
    return metadata;
  }

  /** Kimi's tokenizer, read from the files of a model folder made in {@code folder}. */
  static Tokenizer kimi(Path folder) throws IOException {
    for (String file : List.of("tiktoken.model", "tokenizer_config.json")) {
      try (InputStream in = TokenizerFiles.class.getResourceAsStream("/tokenizers/kimi/" + file)) {
        Files.copy(in, folder.resolve(file));
      }
    }
    return Tokenizer.fromFolder(folder);
  }

  /** What llama.cpp's conversion makes of them; it calls all added tokens special. */
  static Map<String, Object> kimiGguf() throws IOException {
    List<String> tokens = new ArrayList<>();
    JsonNode config;
    try (InputStream model =
            TokenizerFiles.class.getResourceAsStream("/tokenizers/kimi/tiktoken.model");
        InputStream json =
            TokenizerFiles.class.getResourceAsStream("/tokenizers/kimi/tokenizer_config.json")) {
      for (String line : new String(model.readAllBytes(), StandardCharsets.UTF_8).split("\n")) {
        tokens.add(ByteLevel.spell(Base64.getDecoder().decode(line.split(" ")[0])));
      }
      config = JSON.readTree(json);
    }
    int own = tokens.size();
    for (int id = own; id < own + 256; id++) {
      JsonNode named = config.path("added_tokens_decoder").path(Integer.toString(id));
      tokens.add(named.path("content").asText("<|reserved_token_" + id + "|>"));
    }
    int[] types = new int[tokens.size()];
    Arrays.fill(types, 0, own, 1);
    Arrays.fill(types, own, types.length, 3);
    Map<String, Object> metadata = new HashMap<>();
    metadata.put("tokenizer.ggml.model", "gpt2");
    metadata.put("tokenizer.ggml.pre", "kimi-k2");
    metadata.put("tokenizer.ggml.tokens", tokens);
    metadata.put("tokenizer.ggml.token_type", types);
    metadata.put("tokenizer.ggml.bos_token_id", own);
    metadata.put("tokenizer.ggml.eos_token_id", own + 1);
    return metadata;
  }

  private static InputStream open(String resource) throws IOException {
    return new GZIPInputStream(TokenizerFiles.class.getResourceAsStream("/tokenizers/" + resource));
  }
}

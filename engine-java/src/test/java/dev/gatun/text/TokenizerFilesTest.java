// TokenizerFilesTest: what tokenizer files are accepted, and how the others are refused.
package dev.gatun.text;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.refusal.Refusal;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TokenizerFilesTest {
  private static final String JSON =
      """
      {"added_tokens": [{"id": 4, "content": "<|im_end|>", "special": true}],
       "normalizer": null, "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false},
       "decoder": {"type": "ByteLevel"},
       "post_processor":
         {"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "<|im_end|>"}}]},
       "model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "ab": 2, "abb": 3},
                 "merges": ["a b", ["ab", "b"]]}}
      """;

  @TempDir Path folder;

  private Tokenizer read(String json) throws IOException {
    Files.writeString(folder.resolve("tokenizer.json"), json);
    return Tokenizer.fromFolder(folder);
  }

  private String refusal(String json) {
    Refusal refusal = assertThrows(Refusal.class, () -> read(json));
    assertEquals(Refusal.Reason.MODEL, refusal.reason());
    assertEquals(1, refusal.getMessage().lines().count());
    return refusal.getMessage();
  }

  @Test
  void readsMergesOfBothKindsAndTheTemplate() throws IOException {
    Tokenizer tokenizer = read(JSON);
    assertArrayEquals(new int[] {3, 2, 4, 0}, tokenizer.encode("abbab<|im_end|>a", true));
    assertTrue(tokenizer.addsBos());
    assertEquals(OptionalInt.of(4), tokenizer.bos());
    assertEquals(Set.of(4), tokenizer.endOfGeneration());
  }

  @Test
  void readsTheFilesBeside() throws IOException {
    Files.writeString(
        folder.resolve("tokenizer_config.json"),
        """
        {"add_bos_token": false, "eos_token": {"content": "<end>"},
         "added_tokens_decoder": {"5": {"content": "<end>", "special": true}}}
        """);
    Files.writeString(folder.resolve("generation_config.json"), "{\"eos_token_id\": [0, 5]}");
    Tokenizer tokenizer = read(JSON);
    assertFalse(tokenizer.addsBos());
    assertEquals("<end>", tokenizer.eosToken());
    assertEquals(Set.of(0, 4, 5), tokenizer.endOfGeneration());
    assertArrayEquals(new int[] {0, 5}, tokenizer.encode("a<end>", true));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "\"BPE\"; \"Unigram\"; Unigram",
        "\"ByteLevel\", \"add; \"Metaspace\", \"add; Metaspace",
        "\"normalizer\": null; \"normalizer\": {\"type\": \"Precompiled\"}; Precompiled",
        "\"decoder\": {\"type\": \"ByteLevel\"}; \"decoder\": {\"type\": \"WordPiece\"}; WordPiece",
        "\"decoder\": {\"type\": \"ByteLevel\"}; \"decoder\": null; decoder",
        "\"a b\"; \"a c\"; \"c\"",
        "\"a b\"; \"b a\"; \"ba\"",
        "\"a b\"; \"ab\"; two tokens",
        "\"a b\"; 7; each merge",
        "\"abb\": 3; \"abb\": 2; id 2",
        "\"abb\": 3; \"abb\": \"3\"; an id",
        "\"abb\": 3; \"abb\": -3; -3",
        "\"abb\": 3; \"abb\": 999999999; 999999999",
        "\"abb\": 3; \"abb\": 4; id 4",
        "\"id\": 4, ; ''; without id",
        "\"merges\"; \"other\"; no merges",
        "\"vocab\"; \"other\"; no vocabulary",
        "\"type\": \"BPE\"; \"dropout\": 0.1; dropout",
        "\"type\": \"BPE\"; \"end_of_word_suffix\": \"w\"; end_of_word_suffix",
        "{\"added_tokens\"; [\"added_tokens\"; an object"
      })
  void refusesWhatItCannotHonour(String from, String to, String named) {
    assertTrue(JSON.contains(from), from);
    String message = refusal(JSON.replace(from, to));
    assertTrue(message.contains(named), message);
  }

  @Test
  void refusesDamagedFiles() {
    for (int length = 0; length < JSON.strip().length(); length += 7) {
      refusal(JSON.substring(0, length));
    }
    refusal(JSON.replace("false}", "false, \"use_regex\": "));
    assertThrows(Refusal.class, () -> Tokenizer.fromFolder(folder.resolve("none")));
  }

  @ParameterizedTest
  @CsvSource({
    "IQ== 0, 'IQ== 0 1', 'line 1 '",
    "IQ== 0, IQ==, 'line 1 '",
    "IQ== 0, IQ== 1, 'line 2 '",
    "IQ== 0, IQ== 256, 'line 1 '",
    "IQ== 0, IQ== -1, 'line 1 '",
    "IQ== 0, '!! 0', 'line 1 '",
    "IQ== 0, ISE= 0, byte 33",
    "TikTokenTokenizer, LlamaTokenizer, LlamaTokenizer"
  })
  void refusesWhatIsNotKimis(String from, String to, String named) throws IOException {
    StringBuilder model = new StringBuilder();
    for (int i = 0; i < 256; i++) {
      byte[] token = {(byte) (i + '!')};
      model.append(Base64.getEncoder().encodeToString(token)).append(' ').append(i).append('\n');
    }
    String config = "{\"tokenizer_class\": \"TikTokenTokenizer\", \"bos_token\": \"[BOS]\"}";
    assertTrue((model + config).contains(from), from);
    Path file = folder.resolve("tiktoken.model");
    Files.writeString(file, model.toString().replaceFirst(Pattern.quote(from) + "\\b", to));
    Files.writeString(folder.resolve("tokenizer_config.json"), config.replace(from, to));
    Refusal refusal = assertThrows(Refusal.class, () -> Tokenizer.fromFolder(folder));
    assertEquals(Refusal.Reason.MODEL, refusal.reason());
    assertTrue(refusal.getMessage().contains(named), refusal.getMessage());
    Files.writeString(file, model);
    Files.writeString(folder.resolve("tokenizer_config.json"), config.replace("[BOS]", ""));
    assertArrayEquals(
        new int[] {0, 256}, Tokenizer.fromFolder(folder).encode("!<|reserved_token_256|>", true));
  }

  private static Map<String, Object> gguf() {
    Map<String, Object> metadata = new HashMap<>();
    metadata.put("tokenizer.ggml.model", "gpt2");
    metadata.put("tokenizer.ggml.pre", "gpt-2");
    metadata.put("tokenizer.ggml.tokens", List.of("a", "b", "ab", "<|im_end|>", "<think>", "</s>"));
    metadata.put("tokenizer.ggml.token_type", List.of(1, 1, 1, 3, 4, 1));
    metadata.put("tokenizer.ggml.merges", new String[] {"a b"});
    metadata.put("tokenizer.ggml.eos_token_id", 1L);
    return metadata;
  }

  @Test
  void readsGguf() {
    Tokenizer tokenizer = Tokenizer.fromGguf(gguf());
    assertArrayEquals(new int[] {2, 3, 4}, tokenizer.encode("ab<|im_end|><think>", true));
    assertTrue(tokenizer.isSpecial(3));
    assertFalse(tokenizer.isSpecial(4));
    assertEquals(Set.of(1, 3), tokenizer.endOfGeneration());
    assertFalse(tokenizer.addsBos());
  }

  @Test
  void withoutTokenTypesKnowsOnlyEnds() {
    Map<String, Object> metadata = gguf();
    metadata.remove("tokenizer.ggml.token_type");
    Tokenizer tokenizer = Tokenizer.fromGguf(metadata);
    assertTrue(tokenizer.isSpecial(3));
    assertEquals(Set.of(1, 3, 5), tokenizer.endOfGeneration());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "default",
        "gpt-2",
        "smollm",
        "qwen2",
        "deepseek-r1-qwen",
        "llama3",
        "llama-bpe",
        "gpt-4o",
        "tekken",
        "deepseek-v3",
        "kimi-k2",
        "deepseek-llm",
        "deepseek-coder"
      })
  void knowsPreTokenizers(String pre) {
    Map<String, Object> metadata = gguf();
    metadata.put("tokenizer.ggml.pre", pre);
    metadata.put("tokenizer.ggml.bos_token_id", 0);
    Tokenizer tokenizer = Tokenizer.fromGguf(metadata);
    assertArrayEquals(new int[] {2, 2, 0}, tokenizer.encode("ab1ab\na", true));
    assertEquals(Set.of("llama3", "llama-bpe", "tekken").contains(pre), tokenizer.addsBos());
    metadata.put("tokenizer.ggml.add_bos_token", true);
    assertTrue(Tokenizer.fromGguf(metadata).addsBos());
  }

  @ParameterizedTest
  @CsvSource({
    "model, llama, llama", "model, bert, bert", "pre, nonsense, nonsense", "pre, 3, unknown",
    "tokens, '', tokens", "merges, '', merges", "token_type, '', token_type",
        "eos_token_id, 9, eos_token_id"
  })
  void refusesGguf(String key, String value, String named) {
    Map<String, Object> metadata = gguf();
    metadata.put("tokenizer.ggml." + key, value.equals("9") ? (Object) 9 : value);
    Refusal refusal = assertThrows(Refusal.class, () -> Tokenizer.fromGguf(metadata));
    assertEquals(Refusal.Reason.MODEL, refusal.reason());
    assertTrue(refusal.getMessage().contains(named), refusal.getMessage());
  }

  @Test
  void refusesGgufThatContradictsItself() {
    for (Map.Entry<String, Object> wrong :
        Map.of(
                "tokens", List.of("a", "b", "a", "x", "y", "z"),
                "token_type", new int[] {1, 1},
                "merges", List.of("a z"))
            .entrySet()) {
      Map<String, Object> metadata = gguf();
      metadata.put("tokenizer.ggml." + wrong.getKey(), wrong.getValue());
      assertThrows(Refusal.class, () -> Tokenizer.fromGguf(metadata), wrong.getKey());
      metadata.remove("tokenizer.ggml." + wrong.getKey());
    }
    Map<String, Object> metadata = gguf();
    metadata.remove("tokenizer.ggml.merges");
    assertThrows(Refusal.class, () -> Tokenizer.fromGguf(metadata));
  }
}

// R1DistillTest: DeepSeek's markers on the vocabularies of Qwen2.5 and Llama 3 make one prompt.
package dev.gatun.text;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.gatun.chat.Message;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class R1DistillTest {
  private static final List<String> MARKERS =
      List.of(
          "<｜begin▁of▁sentence｜>",
          "<｜end▁of▁sentence｜>",
          "<｜User｜>",
          "<｜Assistant｜>",
          "<think>",
          "</think>");

  private static final String CONFIG =
      """
      {"add_bos_token": true, "add_eos_token": false,
       "bos_token": {"__type": "AddedToken", "content": "<｜begin▁of▁sentence｜>"},
       "eos_token": {"__type": "AddedToken", "content": "<｜end▁of▁sentence｜>"},
       "tokenizer_class": "LlamaTokenizerFast"}
      """;

  @TempDir Path folder;

  /** The ids of the published files; Qwen2.5's own tokens keep theirs. */
  @Test
  void onQwen() throws IOException {
    TokenizerFiles.fromFolder("qwen2_5", folder);
    ObjectNode json = (ObjectNode) tree(folder.resolve("tokenizer.json"));
    int[] ids = {151_646, 151_643, 151_644, 151_645, 151_648, 151_649};
    check(json, ids, "deepseek-r1-qwen", new int[] {9707, 198}); // Hello, line feed
  }

  /** On a small vocabulary, whose pattern and options are Llama 3's. */
  @Test
  void onLlama() throws IOException {
    List<String> lines = TokenizerFiles.lines("pipelines.jsonl.gz");
    JsonNode pipeline =
        lines.stream()
            .skip(1)
            .map(TokenizerFiles::tree)
            .filter(each -> each.get("name").textValue().equals("llama3 ignore_merges"))
            .findFirst()
            .orElseThrow();
    ObjectNode json = pipeline.get("tokenizer").deepCopy();
    ObjectNode model = TokenizerFiles.tree(lines.getFirst()).get("model").deepCopy();
    json.set("model", model.setAll((ObjectNode) pipeline.get("options")));
    Files.writeString(folder.resolve("tokenizer.json"), json.toString());
    Tokenizer plain = Tokenizer.fromFolder(folder);
    ((ArrayNode) json.get("added_tokens")).removeAll();
    int free = model.get("vocab").size();
    int[] ids = {free, free + 1, free + 2, free + 3, free + 4, free + 5};
    int[] hello = plain.encode("Hello", false);
    int[] words = Arrays.copyOf(hello, hello.length + 1);
    words[hello.length] = plain.encode("\n", false)[0];
    check(json, ids, "llama-bpe", words);
  }

  private void check(ObjectNode json, int[] ids, String pre, int[] words) throws IOException {
    ArrayNode added = (ArrayNode) json.get("added_tokens");
    for (int i = added.size() - 1; i >= 0; i--) {
      int id = added.get(i).get("id").intValue();
      if (Arrays.stream(ids).anyMatch(own -> own == id)) {
        added.remove(i);
      }
    }
    for (int i = 0; i < ids.length; i++) {
      added.addObject().put("id", ids[i]).put("content", MARKERS.get(i)).put("special", i < 2);
    }
    Files.writeString(folder.resolve("tokenizer.json"), json.toString());
    Files.writeString(folder.resolve("tokenizer_config.json"), CONFIG);
    Map<String, Object> gguf = TokenizerFiles.gguf(json, pre);
    gguf.put("tokenizer.ggml.bos_token_id", ids[0]);
    gguf.put("tokenizer.ggml.eos_token_id", ids[1]);
    gguf.put("tokenizer.ggml.add_bos_token", true);
    for (Tokenizer tokenizer : List.of(Tokenizer.fromFolder(folder), Tokenizer.fromGguf(gguf))) {
      check(tokenizer, ids, words);
    }
  }

  private static void check(Tokenizer tokenizer, int[] ids, int[] words) throws IOException {
    assertTrue(tokenizer.addsBos());
    assertEquals(OptionalInt.of(ids[0]), tokenizer.bos());
    assertTrue(tokenizer.endOfGeneration().contains(ids[1]));
    assertFalse(tokenizer.isSpecial(ids[4]));
    String template;
    try (InputStream in =
        R1DistillTest.class.getResourceAsStream("/chat-templates/r1-distill.jinja")) {
      template = new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
    String prompt =
        ChatTemplate.of(template)
            .render(
                List.of(Message.user("Hello")), true, Map.of("bos_token", tokenizer.bosToken()));
    int[] expected = new int[words.length + 4];
    expected[0] = ids[0];
    expected[1] = ids[2];
    System.arraycopy(words, 0, expected, 2, words.length - 1);
    expected[words.length + 1] = ids[3];
    expected[words.length + 2] = ids[4];
    expected[words.length + 3] = words[words.length - 1];
    assertArrayEquals(expected, tokenizer.encode(prompt, true));
    assertEquals(
        "<think>\nhm\n</think>\n\n4",
        tokenizer.decode(
            tokenizer.encode("<think>\nhm\n</think>\n\n4<｜end▁of▁sentence｜>", true), true));
  }

  private static JsonNode tree(Path file) throws IOException {
    return TokenizerFiles.tree(Files.readString(file));
  }
}

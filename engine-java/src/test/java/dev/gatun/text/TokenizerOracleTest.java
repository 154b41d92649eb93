// TokenizerOracleTest: ids and texts are those of the tokenizers library, from either kind of file.
package dev.gatun.text;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TokenizerOracleTest {
  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource({"qwen2_5, qwen2", "deepseek_v3, deepseek-v3"})
  void encodesAndDecodesAsTheTokenizersLibrary(String name, String pre) throws IOException {
    Tokenizer fromFolder = TokenizerFiles.fromFolder(name, folder);
    Tokenizer fromGguf = Tokenizer.fromGguf(TokenizerFiles.gguf(name, pre));
    List<TokenizerFiles.Case> cases =
        new ArrayList<>(TokenizerFiles.cases(name + "/cases.jsonl.gz"));
    cases.addAll(TokenizerFiles.cases(name + "/random.jsonl.gz"));
    assertEquals(353 + 500, cases.size());
    for (TokenizerFiles.Case each : cases) {
      check(fromFolder, each);
      check(fromGguf, each);
    }
    assertEquals(fromFolder.vocabSize(), fromGguf.vocabSize());
    assertEquals(fromFolder.endOfGeneration(), fromGguf.endOfGeneration());
  }

  /** Without merges, which such a file may lack, and with a word more than they would make. */
  @Test
  void encodesAndDecodesKimisFilesAsTiktoken() throws IOException {
    Tokenizer fromFolder = TokenizerFiles.kimi(folder);
    Tokenizer fromGguf = Tokenizer.fromGguf(TokenizerFiles.kimiGguf());
    List<TokenizerFiles.Case> cases = TokenizerFiles.cases("kimi/cases.jsonl.gz");
    assertEquals(685, cases.size());
    for (TokenizerFiles.Case each : cases) {
      check(fromFolder, each);
      check(fromGguf, each);
    }
    assertEquals(1300 + 256, fromFolder.vocabSize());
    for (Tokenizer tokenizer : List.of(fromFolder, fromGguf)) {
      assertEquals("[BOS]", tokenizer.bosToken());
      assertFalse(tokenizer.addsBos());
      // [EOS], <|im_end|>, [EOT]
      assertEquals(Set.of(1301, 1302, 1309), tokenizer.endOfGeneration());
    }
    assertFalse(fromFolder.isSpecial(1322)); // <think>, which the GGUF calls special
  }

  @Test
  void followsEveryStepOfThePipeline() throws IOException {
    List<String> lines = TokenizerFiles.lines("pipelines.jsonl.gz");
    assertEquals(1 + 50, lines.size());
    JsonNode models = TokenizerFiles.tree(lines.getFirst());
    for (String line : lines.subList(1, lines.size())) {
      JsonNode pipeline = TokenizerFiles.tree(line);
      ObjectNode json = (ObjectNode) pipeline.get("tokenizer");
      String kind = pipeline.get("characters").booleanValue() ? "characters" : "model";
      ObjectNode model = models.get(kind).deepCopy();
      json.set("model", model.setAll((ObjectNode) pipeline.get("options")));
      Files.writeString(folder.resolve("tokenizer.json"), json.toString());
      Tokenizer tokenizer = Tokenizer.fromFolder(folder);
      assertTrue(pipeline.get("cases").size() > 20, () -> pipeline.get("name").textValue());
      for (JsonNode each : pipeline.get("cases")) {
        check(tokenizer, TokenizerFiles.Case.of(each));
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "gpt2, gpt-2",
    "digits each, smollm",
    "llama3 ignore_merges, llama-bpe",
    "gpt4o, gpt-4o",
    "tekken, tekken"
  })
  void ggufNamesStandForTheirPatterns(String name, String pre) throws IOException {
    List<String> lines = TokenizerFiles.lines("pipelines.jsonl.gz");
    JsonNode pipeline =
        lines.stream()
            .skip(1)
            .map(TokenizerFiles::tree)
            .filter(each -> each.get("name").textValue().equals(name))
            .findFirst()
            .orElseThrow();
    ObjectNode json = (ObjectNode) pipeline.get("tokenizer");
    // Whatever this model has a token for its merges make too, so that it is the same whether they
    // are ignored for such words.
    json.set("model", TokenizerFiles.tree(lines.getFirst()).get("model"));
    Map<String, Object> metadata = TokenizerFiles.gguf(json, pre);
    Tokenizer tokenizer = Tokenizer.fromGguf(metadata);
    for (JsonNode node : pipeline.get("cases")) {
      check(tokenizer, TokenizerFiles.Case.of(node));
    }
  }

  private static void check(Tokenizer tokenizer, TokenizerFiles.Case each) {
    each.text()
        .ifPresent(text -> assertArrayEquals(each.ids(), tokenizer.encode(text, true), () -> text));
    assertEquals(each.decoded(), tokenizer.decode(each.ids(), each.skipSpecial()));
    TokenStream stream = new TokenStream(tokenizer, each.skipSpecial());
    StringBuilder streamed = new StringBuilder();
    for (int id : each.ids()) {
      streamed.append(stream.push(id));
    }
    assertEquals(each.decoded(), streamed.append(stream.flush()).toString());
  }
}

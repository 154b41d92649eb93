// VocabularyFileTest: tokenize and render on GGUF files that hold a vocabulary and no model.
package dev.gatun.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.weights.GgufWriter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class VocabularyFileTest {
  private static final String TEMPLATE = "{{ bos_token }}{{ messages[0].content }}";

  @TempDir Path folder;

  /** A family that the engine cannot run; ids 0 to 94 are the visible ASCII characters. */
  private static GgufWriter vocabulary(String pre) {
    List<String> tokens = new ArrayList<>();
    for (char c = '!'; c <= '~'; c++) {
      tokens.add(String.valueOf(c));
    }
    tokens.addAll(List.of("ab", "<s>"));
    int[] kinds = new int[tokens.size()];
    Arrays.fill(kinds, 1);
    kinds[tokens.size() - 1] = 3;
    return new GgufWriter()
        .put("general.architecture", "mpt")
        .put("tokenizer.ggml.model", "gpt2")
        .put("tokenizer.ggml.pre", pre)
        .put("tokenizer.ggml.tokens", tokens)
        .put("tokenizer.ggml.token_type", kinds)
        .put("tokenizer.ggml.merges", List.of("a b"))
        .put("tokenizer.ggml.bos_token_id", tokens.size() - 1)
        .put("tokenizer.chat_template", TEMPLATE);
  }

  @Test
  void aVocabularyOfAnyFamilyWillDo() throws IOException {
    Path file = vocabulary("mpt").write(folder.resolve("vocab.gguf"));
    assertEquals("[94,66]\n", tokenize(file).succeeded());
    assertEquals("<s>hi", render(file).succeeded());
  }

  @Test
  void nothingBehindTheKeyValuesIsRead() throws IOException {
    GgufWriter writer = vocabulary("mpt").rawTensor("strange", 99, 1, 8, 64);
    byte[] bytes = writer.bytes();
    int end = new String(bytes, StandardCharsets.ISO_8859_1).indexOf("strange");
    Path file = Files.write(folder.resolve("cut.gguf"), Arrays.copyOf(bytes, end));
    assertEquals("[94,66]\n", tokenize(file).succeeded());
    assertEquals("<s>hi", render(file).succeeded());
  }

  @Test
  void ofASplitModelTheFirstPartIsEnough() throws IOException {
    vocabulary("mpt").put("split.count", 3).write(folder.resolve("m-00001-of-00003.gguf"));
    Path last = new GgufWriter().write(folder.resolve("m-00003-of-00003.gguf"));
    assertEquals("[94,66]\n", tokenize(last).succeeded());
    Files.delete(folder.resolve("m-00001-of-00003.gguf"));
    assertTrue(tokenize(last).refused(4).contains("m-00001-of-00003.gguf' is missing"));
  }

  @Test
  void whatIsUnknownIsRefusedByName() throws IOException {
    Path pre = vocabulary("no-such").write(folder.resolve("pre.gguf"));
    assertTrue(tokenize(pre).refused(4).contains("\"no-such\", a pre-tokenizer unknown here"));
    Path model = vocabulary("mpt").put("tokenizer.ggml.model", "llama").write(pre);
    assertTrue(tokenize(model).refused(4).contains("tokenizer.ggml.model is \"llama\""));
    assertTrue(tokenize(folder.resolve("none")).refused(2).contains("no model at"));
  }

  private static Cli.Result tokenize(Path file) {
    return Cli.terminal().run("tokenize", "-m", file.toString(), "--text", "abc", "--json");
  }

  private static Cli.Result render(Path file) {
    return Cli.piped("[{\"role\": \"user\", \"content\": \"hi\"}]")
        .run("render", "-m", file.toString(), "--messages", "-");
  }
}

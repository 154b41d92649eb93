// VocabularyFileTest: text by GGUF files that hold a vocabulary and no model.
package dev.gatun.dialogue;

import static dev.gatun.refusal.Refusal.Reason.MODEL;
import static dev.gatun.refusal.Refusal.Reason.USAGE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.chat.Message;
import dev.gatun.refusal.Refusal;
import dev.gatun.text.ChatTemplate;
import dev.gatun.text.Tokenizer;
import dev.gatun.weights.GgufWriter;
import dev.gatun.weights.TextSource;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
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
    assertEquals(List.of(94, 66), ids(file));
    assertEquals("<s>hi", rendered(file));
  }

  @Test
  void nothingBehindTheKeyValuesIsRead() throws IOException {
    GgufWriter writer = vocabulary("mpt").rawTensor("strange", 99, 1, 8, 64);
    byte[] bytes = writer.bytes();
    int end = new String(bytes, StandardCharsets.ISO_8859_1).indexOf("strange");
    Path file = Files.write(folder.resolve("cut.gguf"), Arrays.copyOf(bytes, end));
    assertEquals(List.of(94, 66), ids(file));
    assertEquals("<s>hi", rendered(file));
  }

  @Test
  void ofASplitModelTheFirstPartIsEnough() throws IOException {
    vocabulary("mpt").put("split.count", 3).write(folder.resolve("m-00001-of-00003.gguf"));
    Path last = new GgufWriter().write(folder.resolve("m-00003-of-00003.gguf"));
    assertEquals(List.of(94, 66), ids(last));
    Files.delete(folder.resolve("m-00001-of-00003.gguf"));
    refused(last, MODEL, "m-00001-of-00003.gguf' is missing");
  }

  @Test
  void whatIsUnknownIsRefusedByName() throws IOException {
    Path pre = vocabulary("no-such").write(folder.resolve("pre.gguf"));
    refused(pre, MODEL, "\"no-such\", a pre-tokenizer unknown here");
    Path model = vocabulary("mpt").put("tokenizer.ggml.model", "llama").write(pre);
    refused(model, MODEL, "tokenizer.ggml.model is \"llama\"");
    refused(folder.resolve("none"), USAGE, "no model at");
  }

  private static List<Integer> ids(Path file) {
    Tokenizer tokenizer = Dialect.tokenizer(TextSource.read(file).tokenizer());
    return Arrays.stream(tokenizer.encode("abc", false)).boxed().toList();
  }

  private static String rendered(Path file) {
    TextSource source = TextSource.read(file);
    Map<String, String> markers =
        Map.of("bos_token", Dialect.tokenizer(source.tokenizer()).bosToken());
    return ChatTemplate.of(source.chatTemplate().orElseThrow())
        .render(List.of(Message.user("hi")), true, markers);
  }

  private static void refused(Path file, Refusal.Reason reason, String words) {
    Refusal refusal = assertThrows(Refusal.class, () -> ids(file));
    assertEquals(reason, refusal.reason());
    assertTrue(refusal.getMessage().contains(words), refusal.getMessage());
  }
}

// DialectTest: prompts begin as the model expects, and of what it draws the tags of thinking are
// text.
package dev.gatun.dialogue;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.chat.Message;
import dev.gatun.chat.Tool;
import dev.gatun.chat.ToolOptions;
import dev.gatun.refusal.Refusal;
import dev.gatun.text.ChatTemplate;
import dev.gatun.text.Tokenizer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DialectTest {
  private static final int BOS = 2;
  private static final int OPEN = 3;
  private static final int CLOSE = 4;
  private static final int USER = 5;
  private static final int MARKER = 6;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{{ messages[0].content }}",
        "{{ bos_token }}{{ messages[0].content }}",
        "<s>{{ messages[0].content }}"
      })
  void aPromptBeginsWithOneFirstToken(String template) {
    assertArrayEquals(new int[] {BOS, 0, 1}, prompt(template, true));
  }

  @Test
  void aModelThatExpectsNoFirstTokenGetsWhatItsTemplateWrites() {
    assertArrayEquals(new int[] {0, 1}, prompt("{{ messages[0].content }}", false));
    assertArrayEquals(
        new int[] {BOS, 0, 1}, prompt("{{ bos_token }}{{ messages[0].content }}", false));
  }

  @Test
  void tagsOfThinkingAreTextWhereAFileCallsThemSpecial() {
    Dialect dialect = dialect("", true);
    assertTrue(dialect.tokenizer().isSpecial(OPEN));
    assertFalse(dialect.isHidden(OPEN, Optional.empty()));
    assertFalse(dialect.isHidden(CLOSE, Optional.empty()));
    assertFalse(dialect.isHidden(0, Optional.empty()));
    assertTrue(dialect.isHidden(BOS, Optional.empty()));
    assertTrue(dialect.isHidden(USER, Optional.empty()));
  }

  @Test
  void markersOfCallsAreTextWhereAFileCallsThemSpecial() {
    Dialect dialect = dialect("", true);
    assertFalse(dialect.isHidden(MARKER, Optional.of(ToolForm.LLAMA)));
    assertTrue(dialect.isHidden(MARKER, Optional.of(ToolForm.HERMES)));
    assertTrue(dialect.isHidden(MARKER, Optional.empty()));
    assertTrue(dialect.isHidden(USER, Optional.of(ToolForm.LLAMA)));
  }

  @Test
  void toolsNeedATemplateThatShowsThemInAKnownForm() {
    ToolOptions tools = ToolOptions.of(new Tool("f", "", Tool.NO_PARAMETERS));
    assertEquals(Optional.of(ToolForm.LLAMA), dialect(ToolTemplates.LLAMA, false).toolForm(tools));
    refused(ToolTemplates.PLAIN, tools, "the model's chat template does not show tools");
    String unknown = ToolTemplates.LLAMA.replace("parameters", "args");
    refused(unknown, tools, "none of the known forms, qwen-coder, hermes, deepseek");
    for (ToolOptions none :
        List.of(
            ToolOptions.none(),
            new ToolOptions(tools.tools(), ToolOptions.Choice.NONE, Optional.empty(), true))) {
      assertEquals(Optional.empty(), dialect(ToolTemplates.PLAIN, false).toolForm(none));
    }
  }

  private static void refused(String template, ToolOptions tools, String part) {
    Refusal refusal = assertThrows(Refusal.class, () -> dialect(template, false).toolForm(tools));
    assertTrue(refusal.getMessage().contains(part), refusal.getMessage());
    assertTrue(refusal.getMessage().contains("--chat-template-file"), refusal.getMessage());
  }

  private static int[] prompt(String template, boolean addsBos) {
    return dialect(template, addsBos).prompt(List.of(Message.user("ab"))).ids();
  }

  private static Dialect dialect(String template, boolean addsBos) {
    Map<String, Object> metadata = new HashMap<>();
    metadata.put("tokenizer.ggml.model", "gpt2");
    metadata.put("tokenizer.ggml.pre", "deepseek-v3");
    metadata.put(
        "tokenizer.ggml.tokens",
        List.of("a", "b", "<s>", "<think>", "</think>", "<|User|>", "<|python_tag|>", "bb"));
    metadata.put("tokenizer.ggml.token_type", List.of(1, 1, 3, 3, 3, 3, 3, 1));
    metadata.put("tokenizer.ggml.merges", List.of("b b"));
    metadata.put("tokenizer.ggml.bos_token_id", BOS);
    metadata.put("tokenizer.ggml.add_bos_token", addsBos);
    Tokenizer tokenizer = Tokenizer.fromGguf(metadata);
    return new Dialect(tokenizer, Optional.of(ChatTemplate.of(template)), 8, Set.of());
  }
}

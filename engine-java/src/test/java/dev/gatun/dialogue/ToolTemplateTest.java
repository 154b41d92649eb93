// ToolTemplateTest: templates are told of tools, calls and results as each expects, and what an
// answer's message makes of them is what the model wrote.
package dev.gatun.dialogue;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.chat.Message;
import dev.gatun.chat.Tool;
import dev.gatun.chat.ToolCall;
import dev.gatun.refusal.Refusal;
import dev.gatun.text.ChatTemplate;
import dev.gatun.text.TemplateTraits;
import dev.gatun.text.TemplateTraits.Thinking;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ToolTemplateTest {
  private static final Tool WEATHER =
      new Tool(
          "weather",
          "Tells it.",
          "{\"type\":\"object\",\"properties\":{\"zip\":{\"type\":\"integer\"},\"city\":"
              + "{\"type\":\"string\",\"enum\":[\"Zürich\",\"Genève\"]}},\"required\":[\"city\"]}");
  private static final Message QUESTION = Message.user("Weather?");
  private static final String THOUGHT = "I need the weather.";

  private static Message calling(String content, String... arguments) {
    List<ToolCall> calls =
        java.util.stream.IntStream.range(0, arguments.length)
            .mapToObj(i -> new ToolCall("c" + i, "weather", arguments[i]))
            .toList();
    return new Message("assistant", content, "", calls, Optional.empty());
  }

  private static String render(ChatTemplate template, List<Tool> tools, Message... messages) {
    return template.render(List.of(messages), tools, false, Map.of());
  }

  private static String withoutBlanks(String text) {
    return text.replaceAll("\\s", "");
  }

  @ParameterizedTest
  @CsvSource({
    "qwq-32b, true, HERMES, false, false, TAGS",
    "qwen2.5, true, HERMES, false, false, NONE",
    "qwen3, true, HERMES, true, false, FIELD",
    "deepseek-v3, false, DEEPSEEK, true, true, NONE",
    "deepseek-r1, false, DEEPSEEK, true, false, TAGS",
    "deepseek-r1-0528, false, DEEPSEEK, true, false, TAGS",
    "deepseek-v3.1, false, DEEPSEEK_V31, false, false, TAGS",
    "deepseek-v3.1-published, false, DEEPSEEK_V31, true, false, TAGS",
    "r1-distill, false, DEEPSEEK, true, true, TAGS",
    "r1-distill-qwen-32b, false, DEEPSEEK, false, false, TAGS",
  })
  void publishedTemplatesAreKnown(
      String name,
      boolean showsTools,
      ToolForm form,
      boolean textArguments,
      boolean insteadOfContent,
      Thinking thinking) {
    TemplateTraits traits = ToolTemplates.published(name).traits();
    TemplateTraits.Calls calls = traits.calls().orElseThrow();
    assertEquals(
        new TemplateTraits(
            showsTools,
            Optional.of(new TemplateTraits.Calls(textArguments, insteadOfContent, calls.sample())),
            thinking),
        traits);
    assertEquals(Optional.of(form), ToolForm.of(traits));
  }

  @Test
  void templatesInTheMannerOfOthersAreKnown() {
    assertEquals(
        Optional.of(ToolForm.LLAMA), ToolForm.of(ToolTemplates.of(ToolTemplates.LLAMA).traits()));
    assertEquals(
        Optional.of(ToolForm.QWEN_CODER),
        ToolForm.of(ToolTemplates.of(ToolTemplates.QWEN_CODER).traits()));
    assertEquals(
        Optional.of(ToolForm.KIMI), ToolForm.of(ToolTemplates.of(ToolTemplates.KIMI).traits()));
  }

  // Kimi's first template appends to a list, which no sandbox lets it do.
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aTemplateWithoutCallsRefusesThemByName(boolean plain) {
    ChatTemplate template =
        plain ? ToolTemplates.of(ToolTemplates.PLAIN) : ToolTemplates.published("kimi-k2");
    assertEquals(!plain, template.traits().showsTools());
    assertEquals(Optional.empty(), ToolForm.of(template.traits()));
    Refusal refusal =
        assertThrows(Refusal.class, () -> render(template, List.of(), QUESTION, calling("", "{}")));
    assertEquals(Refusal.Reason.USAGE, refusal.reason());
    assertTrue(refusal.getMessage().contains("message 2 calls tools"), refusal.getMessage());
  }

  @Test
  void toolsKeepTheOrderOfTheirKeys() {
    String shown =
        "{\"type\": \"function\", \"function\": {\"name\": \"weather\", \"description\": \"Tells"
            + " it.\", \"parameters\": {\"type\": \"object\", \"properties\": {\"zip\": {\"type\":"
            + " \"integer\"}, \"city\": {\"type\": \"string\", \"enum\": [\"Zürich\","
            + " \"Genève\"]}}, \"required\": [\"city\"]}}}";
    for (String name : List.of("qwq-32b", "qwen2.5", "qwen3")) {
      String text = render(ToolTemplates.published(name), List.of(WEATHER), QUESTION);
      assertTrue(text.contains("<tools>\n" + shown + "\n</tools>"), text);
    }
    String llama = render(ToolTemplates.of(ToolTemplates.LLAMA), List.of(WEATHER), QUESTION);
    assertTrue(llama.startsWith("Tools:" + shown), llama);
  }

  @Test
  void whatIsNoJsonIsRefusedWithItsPlace() {
    for (String broken : List.of("{", "[]", "", "{} {}", "{\"a\":}")) {
      ChatTemplate template = ToolTemplates.published("qwq-32b");
      Refusal refusal =
          assertThrows(
              Refusal.class,
              () -> render(template, List.of(), QUESTION, calling("", "{}", broken)));
      assertEquals(Refusal.Reason.USAGE, refusal.reason());
      assertTrue(
          refusal.getMessage().startsWith("the arguments of \"weather\" in message 2 are no JSON"),
          refusal.getMessage());
      Tool tool = new Tool("f", "", broken);
      refusal = assertThrows(Refusal.class, () -> render(template, List.of(tool), QUESTION));
      assertTrue(
          refusal.getMessage().startsWith("the parameters of tool \"f\" are no JSON"),
          refusal.getMessage());
    }
  }

  @Test
  void aResultHasTheNameOfItsCall() {
    String text =
        render(
            ToolTemplates.of(ToolTemplates.KIMI),
            List.of(),
            QUESTION,
            calling("", "{}"),
            Message.toolResult("c0", "rain"));
    assertTrue(
        text.endsWith("<|im_tool|>weather<|im_middle|>## Return of c0\nrain<|im_end|>"), text);
    Refusal refusal =
        assertThrows(
            Refusal.class,
            () ->
                render(
                    ToolTemplates.published("qwq-32b"),
                    List.of(),
                    QUESTION,
                    calling("", "{}"),
                    Message.toolResult("c9", "rain")));
    assertTrue(refusal.getMessage().contains("message 3 answers tool call \"c9\""));
  }

  @Test
  void thinkingGoesWhereTheTemplateReadsIt() {
    Message thought =
        new Message("assistant", "", THOUGHT, calling("", "{}").toolCalls(), Optional.empty());
    Message result = Message.toolResult("c0", "rain");
    String qwen3 = render(ToolTemplates.published("qwen3"), List.of(), QUESTION, thought, result);
    assertTrue(qwen3.contains("<think>\n" + THOUGHT + "\n</think>\n\n<tool_call>"), qwen3);
    for (String name : List.of("qwq-32b", "deepseek-r1-0528", "qwen2.5", "r1-distill")) {
      String text = render(ToolTemplates.published(name), List.of(), QUESTION, thought, result);
      assertFalse(text.contains(THOUGHT), text);
      assertTrue(text.contains("weather"), text);
    }
    Message last = new Message("assistant", "Rain.", THOUGHT, List.of(), Optional.empty());
    String qwq = render(ToolTemplates.published("qwq-32b"), List.of(), QUESTION, last);
    assertTrue(qwq.endsWith("<think>\n" + THOUGHT + "\n</think>\n\nRain.<|im_end|>\n"), qwq);
  }

  @Test
  void textBesideCallsIsNotLostWhereATemplateShowsOneOfThem() {
    ChatTemplate template = ToolTemplates.published("r1-distill");
    Refusal refusal =
        assertThrows(
            Refusal.class, () -> render(template, List.of(), QUESTION, calling("Hm.", "{}")));
    assertTrue(refusal.getMessage().contains("message 2 has text beside tool calls"));
    String text = render(template, List.of(), QUESTION, calling("<think>\nHm.</think>\n\n", "{}"));
    assertTrue(text.contains("weather\n```json\n{}\n```"), text);
  }

  private static final String HERMES_CALLS =
      "<tool_call>\n{\"name\": \"weather\", \"arguments\": {\"city\": \"Zürich\", \"zip\": [1]}}\n"
          + "</tool_call>\n<tool_call>\n{\"name\": \"weather\", \"arguments\": {}}\n</tool_call>";
  private static final String DEEPSEEK_CALLS =
      "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>weather\n```json\n"
          + "{\"city\":\"Zürich\"}\n```<｜tool▁call▁end｜>\n<｜tool▁call▁begin｜>function<｜tool▁sep｜>"
          + "weather\n```json\n{ }\n```<｜tool▁call▁end｜><｜tool▁calls▁end｜>";
  private static final String V31_CALLS =
      "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>weather<｜tool▁sep｜>{\"city\": \"Zürich\"}"
          + "<｜tool▁call▁end｜><｜tool▁call▁begin｜>weather<｜tool▁sep｜>{}<｜tool▁call▁end｜>"
          + "<｜tool▁calls▁end｜>";
  private static final String CODER_CALLS =
      "<tool_call>\n<function=weather>\n<parameter=city>\nZü \"rich\"\n</parameter>\n"
          + "<parameter=zip>\n8001\n</parameter>\n</function>\n</tool_call>";
  private static final String KIMI_CALLS =
      "<|tool_calls_section_begin|><|tool_call_begin|>functions.weather:0"
          + "<|tool_call_argument_begin|>{\"city\": 1}<|tool_call_end|><|tool_calls_section_end|>";
  private static final String LLAMA_CALL =
      "{\"name\": \"weather\", \"parameters\": {\"city\": \"Zürich\"}}";

  @Test
  void whatAModelWroteIsWhatItsTemplateWrites() {
    String text = "Let me see.\n";
    ChatTemplate qwen3 = ToolTemplates.published("qwen3");
    same(ToolTemplates.published("qwq-32b"), "", text + HERMES_CALLS);
    same(ToolTemplates.published("qwen2.5"), "", HERMES_CALLS);
    same(qwen3, "", "<think>\n" + THOUGHT + "\n</think>\n\n" + text + HERMES_CALLS);
    same(qwen3, "", "<think>\n" + THOUGHT + "\n</think>\n\n" + HERMES_CALLS);
    same(ToolTemplates.published("deepseek-v3"), "", DEEPSEEK_CALLS);
    same(ToolTemplates.published("deepseek-r1-0528"), "", text + DEEPSEEK_CALLS);
    same(ToolTemplates.published("deepseek-v3.1"), "", V31_CALLS);
    same(ToolTemplates.published("deepseek-v3.1-published"), "", text + V31_CALLS);
    same(ToolTemplates.of(ToolTemplates.QWEN_CODER), "", text + CODER_CALLS);
    same(ToolTemplates.of(ToolTemplates.KIMI), "", text + KIMI_CALLS);
    same(ToolTemplates.of(ToolTemplates.LLAMA), "", LLAMA_CALL);
  }

  // The templates of QwQ and R1 leave out what was thought before the last answer.
  @Test
  void andWithoutTheThinkingThatItsTemplateLeavesOut() {
    String thought = THOUGHT + "\n</think>\n\n";
    String opening = "<|im_start|>assistant\n<think>\n";
    sameWithout(thought, ToolTemplates.published("qwq-32b"), opening, HERMES_CALLS);
    sameWithout(thought, ToolTemplates.published("deepseek-r1-0528"), "<think>\n", DEEPSEEK_CALLS);
    sameWithout(thought, ToolTemplates.published("r1-distill"), "<think>\n", DEEPSEEK_CALLS);
  }

  private static void same(ChatTemplate template, String prompt, String written) {
    sameWithout("", template, prompt, written);
  }

  private static void sameWithout(
      String thought, ChatTemplate template, String prompt, String written) {
    ToolForm form = ToolForm.of(template.traits()).orElseThrow();
    CallHearing heard = CallHearing.hear(prompt, form, List.of(WEATHER), thought + written);
    assertFalse(heard.calls().isEmpty());
    Message result = Message.toolResult(heard.ids.getLast(), "rain");
    String text = render(template, List.of(), QUESTION, heard.message, result);
    assertTrue(withoutBlanks(text).contains(withoutBlanks(written)), text);
    assertEquals(thought.isEmpty() && text.contains(THOUGHT), written.contains(THOUGHT), text);
  }
}

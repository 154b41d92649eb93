// ToolGrammarTest: the grammar of a forced call has the form's markers and the tool's schema.
package dev.gatun.dialogue;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.chat.Tool;
import dev.gatun.chat.ToolOptions;
import dev.gatun.chat.ToolOptions.Choice;
import dev.gatun.refusal.Refusal;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class ToolGrammarTest {
  private static final Tool WEATHER =
      new Tool(
          "weather",
          "",
          "{\"properties\":{\"city\":{\"type\":\"string\"},\"unit\":{\"enum\":[\"C\",\"%json\"]},"
              + "\"at\":{\"$ref\":\"#/$defs/p\"}},\"required\":[\"city\"],"
              + "\"$defs\":{\"p\":{\"type\":\"number\",\"minimum\":0.10}}}");
  private static final String SCHEMA =
      "%json {\"properties\":{\"city\":{\"type\":\"string\"},\"unit\":{\"enum\":[\"C\",\"%json\"]},"
          + "\"at\":{\"$ref\":\"#/$defs/p\"}},\"required\":[\"city\"],"
          + "\"$defs\":{\"p\":{\"type\":\"number\",\"minimum\":0.10}},\"type\":\"object\"}";
  private static final Tool NOW = new Tool("now", "", "{\"type\":\"object\"}");
  private static final String NOTHING = "%json {\"type\":\"object\"}";

  private static ToolOptions required(boolean parallel) {
    return new ToolOptions(List.of(WEATHER, NOW), Choice.REQUIRED, Optional.empty(), parallel);
  }

  private static ToolOptions named(Tool... tools) {
    String last = tools[tools.length - 1].name();
    return new ToolOptions(List.of(tools), Choice.NAMED, Optional.of(last), true);
  }

  @Test
  void severalCallsOfAnyToolMayFollowEachOther() {
    assertEquals(
        """
        start: /\\n{0,2}/ call ("\\n" call)*
        call: call_0 | call_1
        call_0: "<tool_call>\\n{\\"name\\": \\"weather\\", \\"arguments\\": " SCHEMA "}\\n</tool_call>"
        call_1: "<tool_call>\\n{\\"name\\": \\"now\\", \\"arguments\\": " NOTHING "}\\n</tool_call>"
        """
            .replace("SCHEMA", SCHEMA)
            .replace("NOTHING", NOTHING),
        ToolForm.HERMES.grammar(required(true), Set.of()));
  }

  @ParameterizedTest
  @EnumSource(ToolForm.class)
  void oneCallIsOne(ToolForm form) {
    String one = form.grammar(required(false), Set.of());
    assertTrue(one.lines().findFirst().orElseThrow().matches(".* call( \".*\")?"), one);
    String named = form.grammar(named(WEATHER, NOW), Set.of());
    assertTrue(named.contains("\ncall: call_0\ncall_0: "), named);
    assertTrue(!named.contains("weather") && !named.contains("call)*"), named);
  }

  @Test
  void specialMarkersAreTokens() {
    assertEquals(
        """
        start: /\\n{0,2}/ <｜tool▁calls▁begin｜> call <｜tool▁calls▁end｜>
        call: call_0
        call_0: <｜tool▁call▁begin｜> "function" <｜tool▁sep｜> "now\\n```json\\n" NOTHING "\\n```" <｜tool▁call▁end｜>
        """
            .replace("NOTHING", NOTHING),
        ToolForm.DEEPSEEK.grammar(named(NOW), Set.copyOf(ToolForm.DEEPSEEK.tokens())));
    assertEquals(
        """
        start: /\\n{0,2}/ "<|tool_calls_section_begin|>" call "<|tool_calls_section_end|>"
        call: call_0
        call_0: <|tool_call_begin|> "functions.now:" /[0-9]+/ "<|tool_call_argument_begin|>" NOTHING "<|tool_call_end|>"
        """
            .replace("NOTHING", NOTHING),
        ToolForm.KIMI.grammar(named(NOW), Set.of("<|tool_call_begin|>")));
  }

  @Test
  void plainValuesAreTextOrJsonAsTheSchemaSays() {
    assertEquals(
        """
        start: /\\n{0,2}/ call
        call: call_0
        call_0: "<tool_call>\\n<function=weather>\\n" "<parameter=city>\\n" value "\\n" \
        ("<parameter=unit>\\n" ("C\\n</parameter>\\n" | "%\\u006ason\\n</parameter>\\n"))? \
        ("<parameter=at>\\n" %json {"$ref":"#/$defs/p","$defs":{"p":{"type":"number","minimum":0.10}}} \
        "\\n</parameter>\\n")? "</function>\\n</tool_call>"
        value[lazy]: /(?s:.*)\\n<\\/parameter>/
        """,
        ToolForm.QWEN_CODER.grammar(named(WEATHER), Set.of()));
  }

  @ParameterizedTest
  @ValueSource(strings = {"\"pattern\":\"a+\"", "\"format\":\"date\"", "\"maxLength\":3"})
  void aTextThatCannotBeHeldToItsLimitsIsRefused(String limit) {
    String schema = "{\"properties\":{\"when\":{\"type\":\"string\"," + limit + "}}}";
    Tool tool = new Tool("f", "", schema);
    Refusal refusal =
        assertThrows(Refusal.class, () -> ToolForm.QWEN_CODER.grammar(named(tool), Set.of()));
    assertEquals(Refusal.Reason.USAGE, refusal.reason());
    assertTrue(
        refusal.getMessage().startsWith("parameter \"when\" of tool \"f\" has"),
        refusal.getMessage());
    assertTrue(ToolForm.HERMES.grammar(named(tool), Set.of()).contains(limit));
  }

  @ParameterizedTest
  @EnumSource(ToolForm.class)
  void parametersThatAreNoSchemaAreRefused(ToolForm form) {
    for (String broken : List.of("", "[]", "{")) {
      Tool tool = new Tool("f", "", broken);
      assertThrows(Refusal.class, () -> form.grammar(named(tool), Set.of()));
    }
  }
}

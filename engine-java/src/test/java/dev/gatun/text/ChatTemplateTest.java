// ChatTemplateTest: the public face: messages, JSON variables, what a refusal says.
package dev.gatun.text;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.gatun.chat.Message;
import dev.gatun.refusal.Refusal;
import dev.gatun.text.ChatTemplate.Outcome;
import java.io.File;
import java.math.BigInteger;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneId;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ChatTemplateTest {
  private static String render(String source) {
    return ChatTemplate.of(source).render(Map.of());
  }

  @Test
  void messagesRenderWithToolsAndDocumentsNone() {
    ChatTemplate template =
        ChatTemplate.of(
            "{% for m in messages %}<{{ m.role }}>{{ m['content'] }}{% endfor %}"
                + "{{ tools }}{{ documents is none }}{{ add_generation_prompt }}{{ bos_token }}");
    List<Message> messages = List.of(new Message("user", "hi"), new Message("assistant", "ho"));
    assertEquals(
        "<user>hi<assistant>hoNoneTrueTrue<s>",
        template.render(messages, true, Map.of("bos_token", "<s>")));
  }

  @Test
  void whatTheTemplateRaisesIsTheWholeMessage() {
    ChatTemplate template = ChatTemplate.of("{{ raise_exception('Only user and assistant!') }}");
    assertEquals(
        new Outcome.Rejected(Refusal.Reason.USAGE, "Only user and assistant!"),
        template.attempt(Map.of()));
    Refusal refusal = assertThrows(Refusal.class, () -> template.render(Map.of()));
    assertEquals(Refusal.Reason.USAGE, refusal.reason());
    assertTrue(refusal.getMessage().contains("Only user and assistant!"), refusal.getMessage());
  }

  @Test
  void aFaultNamesItsLine() {
    Refusal refusal =
        assertThrows(Refusal.class, () -> render("a\n{% if true %}\n\n{{ x.y }}\n{% endif %}"));
    assertTrue(refusal.getMessage().contains("'x' is undefined (line 4)"), refusal.getMessage());
  }

  @Test
  void badSyntaxIsTheModelsFaultAndNamesItsLine() {
    Refusal refusal = assertThrows(Refusal.class, () -> ChatTemplate.of("a\n\n{% endfor %}"));
    assertEquals(Refusal.Reason.MODEL, refusal.reason());
    assertTrue(refusal.getMessage().contains("line 3"), refusal.getMessage());
  }

  @Test
  void whatIsMissingIsNamedInOneOrder() {
    Refusal refusal = assertThrows(Refusal.class, () -> ChatTemplate.of("{% if a %}b"));
    assertTrue(refusal.getMessage().contains("elif or else or endif"), refusal.getMessage());
  }

  @Test
  void jsonKeepsOrderAndExactIntegers() throws Exception {
    var json =
        new ObjectMapper()
            .readTree("{\"z\":{\"b\":1,\"a\":123456789012345678901},\"n\":null,\"d\":1.0}");
    Map<String, Object> variables = ChatTemplate.variables(json);
    assertEquals(List.of("z", "n", "d"), List.copyOf(variables.keySet()));
    assertEquals(Map.of("b", 1L, "a", new BigInteger("123456789012345678901")), variables.get("z"));
    assertEquals(
        "{'b': 1, 'a': 123456789012345678901} None 1.0",
        ChatTemplate.of("{{ z }} {{ n }} {{ d }}").render(variables));
  }

  @Test
  void variablesThatAreNoObjectAreRefused() throws Exception {
    var json = new ObjectMapper().readTree("[1]");
    assertThrows(Refusal.class, () -> ChatTemplate.variables(json));
  }

  @Test
  void theClockIsTheCallers() {
    Clock clock = Clock.fixed(Instant.parse("2025-12-31T23:30:00Z"), ZoneId.of("Europe/Berlin"));
    ChatTemplate template = ChatTemplate.of("{{ strftime_now('%d %b %Y %H:%M') }}", clock);
    assertEquals("01 Jan 2026 00:30", template.render(Map.of()));
  }

  @Test
  void noJavaObjectEnters() {
    ChatTemplate template = ChatTemplate.of("{{ x }}");
    Refusal refusal =
        assertThrows(Refusal.class, () -> template.render(Map.of("x", new File("a"))));
    assertTrue(refusal.getMessage().contains("File"), refusal.getMessage());
  }

  @Test
  void noJavaMethodIsReached() {
    Map<String, Object> variables = new HashMap<>();
    variables.put("values", List.of("s", List.of(1), Map.of("k", 1), 1, 1.5, true));
    for (String name :
        List.of("getClass", "class", "hashCode", "isEmpty", "getBytes", "size", "_a")) {
      String source = "{% for v in values %}{{ v." + name + " is defined }} {% endfor %}";
      assertEquals("False ".repeat(6), ChatTemplate.of(source).render(variables), name);
    }
  }

  @Test
  void theCallersValuesStayAsTheyWere() {
    Map<String, Object> variables = new HashMap<>(Map.of("a", List.of(1)));
    ChatTemplate.of("{% set a = a + [2] %}{% set b = 1 %}{{ a }}").render(variables);
    assertEquals(Map.of("a", List.of(1)), variables);
  }
}

// ChatTemplateGoldenTest: prompts equal those of Python's Jinja2, character by character.
package dev.gatun.text;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.gatun.refusal.Refusal;
import dev.gatun.text.ChatTemplate.Outcome;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class ChatTemplateGoldenTest {
  private static final Clock CLOCK =
      Clock.fixed(Instant.parse("2026-03-07T15:04:05Z"), ZoneOffset.UTC);

  static Stream<Arguments> published() {
    return lines("/chat-templates/cases.jsonl")
        .map(
            c -> {
              String template = c.get("template").asText();
              String source = text("/chat-templates/" + template + ".jinja");
              return Arguments.of(template + " " + c.get("case").asText(), source, c);
            });
  }

  static Stream<Arguments> written() {
    return lines("/jinja/golden.jsonl")
        .map(c -> Arguments.of(c.get("name").asText(), c.get("source").asText(), c));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("published")
  void publishedTemplatesRenderAsInPython(String name, String source, JsonNode expected) {
    check(source, expected);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("written")
  void semanticsAreThoseOfPython(String name, String source, JsonNode expected) {
    check(source, expected);
  }

  @Test
  void noCaseWasLost() {
    assertEquals(199, published().count());
    assertEquals(260, written().count());
  }

  private static void check(String source, JsonNode expected) {
    Outcome outcome = attempt(source, expected.get("context"));
    if (expected.has("rendered")) {
      assertEquals(new Outcome.Rendered(expected.get("rendered").asText()), outcome);
      return;
    }
    String error = expected.get("error").asText();
    Outcome.Rejected rejected = assertInstanceOf(Outcome.Rejected.class, outcome, error);
    String raised = "TemplateError: ";
    if (error.startsWith(raised)) {
      assertEquals(error.substring(raised.length()), rejected.message());
    }
  }

  private static Outcome attempt(String source, JsonNode context) {
    try {
      return ChatTemplate.of(source, CLOCK).attempt(ChatTemplate.variables(context));
    } catch (Refusal syntax) {
      return new Outcome.Rejected(syntax.reason(), syntax.getMessage());
    }
  }

  private static Stream<JsonNode> lines(String resource) {
    ObjectMapper json = new ObjectMapper();
    List<String> lines = text(resource).lines().toList();
    return lines.stream()
        .map(
            line -> {
              try {
                return json.readTree(line);
              } catch (IOException broken) {
                throw new AssertionError(resource, broken);
              }
            });
  }

  private static String text(String resource) {
    try (InputStream in = ChatTemplateGoldenTest.class.getResourceAsStream(resource)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException missing) {
      throw new AssertionError(resource, missing);
    }
  }
}

// CompletionsTest: texts continued over HTTP, with the log-probabilities that harnesses read.
package dev.gatun.server.openai;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.gatun.server.DemoServer;
import dev.gatun.server.DemoServer.Event;
import dev.gatun.server.DemoServer.Reply;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class CompletionsTest {
  private static final String PATH = "/v1/completions";
  private static DemoServer server;

  @BeforeAll
  static void open() {
    server = new DemoServer();
  }

  @AfterAll
  static void close() {
    server.close();
  }

  private static JsonNode choices(String body) {
    return server.ok(PATH, body).get("choices");
  }

  private static String tokens(String text) {
    return server.ok("/tokenize", "{'content': '" + text + "'}").get("tokens").toString();
  }

  @Test
  void textsAndTokensGiveTheSameChoicesInOrder() {
    String asked = ", 'max_tokens': 4, 'temperature': 0}";
    JsonNode texts = choices("{'prompt': ['The sky is', 'Two and two']" + asked);
    JsonNode ids =
        choices("{'prompt': [" + tokens("The sky is") + "," + tokens("Two and two") + "]" + asked);
    assertEquals(texts, ids);
    assertEquals(List.of("0", "1"), texts.findValuesAsText("index"));
    assertEquals(texts.get(0), choices("{'prompt': 'The sky is'" + asked).get(0));
    JsonNode one = choices("{'prompt': " + tokens("Two and two") + asked);
    assertEquals(texts.get(1).get("text"), one.get(0).get("text"));
    assertEquals("length", texts.get(0).get("finish_reason").textValue());
  }

  @Test
  void sixteenTokensAreDrawnWhereNoneIsSaid() {
    JsonNode usage =
        server.ok(PATH, "{'prompt': 'Once', 'temperature': 0, 'ignore_eos': true}").get("usage");
    assertEquals(16, usage.get("completion_tokens").intValue());
  }

  /** What lm-eval posts, and how it reads the answer. */
  @Test
  void anEchoHasTheLogProbabilitiesOfThePrompt() {
    String ids = tokens("The sky is blue");
    String asked = "'logprobs': 1, 'echo': true, 'temperature': 0, 'seed': 1234}";
    JsonNode choice = choices("{'prompt': [" + ids + "], 'max_tokens': 1, " + asked).get(0);
    JsonNode told = choice.get("logprobs");
    int count = told.get("tokens").size();
    assertEquals(5, count);
    assertTrue(told.get("token_logprobs").get(0).isNull());
    String text = choice.get("text").textValue();
    for (int i = 1; i < count; i++) {
      double value = told.get("token_logprobs").get(i).doubleValue();
      double most = Double.NEGATIVE_INFINITY;
      for (JsonNode each : told.get("top_logprobs").get(i)) {
        most = Math.max(most, each.doubleValue());
      }
      assertTrue(value <= most && value < 0, told.toString());
      String token = told.get("tokens").get(i).textValue();
      assertTrue(text.startsWith(token, told.get("text_offset").get(i).intValue()), token);
    }
    // The last one was drawn, greedily: it is the likeliest.
    String last = told.get("tokens").get(count - 1).textValue();
    assertEquals(
        told.get("token_logprobs").get(count - 1),
        told.get("top_logprobs").get(count - 1).get(last));
    JsonNode alone = choices("{'prompt': [" + ids + "], 'max_tokens': 0, " + asked).get(0);
    assertEquals("The sky is blue", alone.get("text").textValue());
    for (int i = 0; i < count - 1; i++) {
      assertEquals(
          told.get("token_logprobs").get(i), alone.get("logprobs").get("token_logprobs").get(i));
    }
    assertEquals(count - 1, alone.get("logprobs").get("tokens").size());
  }

  /** lm-eval leaves out the last of as many as it sent and one more. */
  @Test
  void aTextThatEndsAtOnceHasAnEntryForItsEnd() {
    String turn = "<|im_start|>user\\nHi<|im_end|>\\n";
    JsonNode bias = server.ok("/tokenize", "{'content': '<|im_end|>'}").get("tokens");
    JsonNode choice =
        choices(
                "{'prompt': '"
                    + turn
                    + "', 'max_tokens': 1, 'temperature': 0, 'logprobs': 1, 'echo': true,"
                    + " 'logit_bias': {'"
                    + bias.get(0)
                    + "': 100}}")
            .get(0);
    assertEquals("stop", choice.get("finish_reason").textValue());
    int prompt = server.ok("/tokenize", "{'content': '" + turn + "'}").get("count").intValue();
    assertEquals(prompt + 1, choice.get("logprobs").get("token_logprobs").size());
  }

  @Test
  void aSeedGivesTheSameChoicesAndEachItsOwn() {
    String asked = "{'prompt': %s, 'n': 2, 'seed': 7, 'temperature': 2, 'max_tokens': 8}";
    JsonNode one = choices(asked.replace("%s", "'Once upon'"));
    JsonNode two = choices(asked.replace("%s", "['Once upon', 'Once upon']"));
    assertNotEquals(one.get(0).get("text"), one.get(1).get("text"));
    assertEquals(one.findValues("text"), two.findValues("text").subList(0, 2));
    assertEquals(one.findValues("text"), two.findValues("text").subList(2, 4));
  }

  @Test
  void aStreamSaysWhatTheWholeAnswerSays() {
    String asked = "'prompt': ['The sky is', 'The sea is'], 'max_tokens': 5, 'temperature': 0";
    List<String> whole = choices("{" + asked + "}").findValuesAsText("text");
    List<Event> events =
        server.events(
            PATH,
            "{"
                + asked
                + ", 'logprobs': 0, 'stream': true, 'stream_options': {'include_usage': true}}");
    assertEquals("[DONE]", events.getLast().data());
    String[] texts = {"", ""};
    int tokens = 0;
    for (Event event : events.subList(0, events.size() - 2)) {
      JsonNode choice = event.json().get("choices").get(0);
      texts[choice.get("index").intValue()] += choice.get("text").textValue();
      tokens += choice.get("logprobs").get("tokens").size();
    }
    assertEquals(whole, List.of(texts));
    assertEquals(10, tokens);
    JsonNode last = events.get(events.size() - 2).json();
    assertEquals(10, last.get("usage").get("completion_tokens").intValue());
  }

  /** Log-probabilities too, and where nothing is drawn. */
  @Test
  void aStreamedEchoSaysWhatTheWholeAnswerSays() {
    String prompts = "'prompt': ['The sky is', 'Two and two'], 'n': 2, 'seed': 3, 'echo': true";
    for (String more :
        List.of(
            "'max_tokens': 4",
            "'max_tokens': 4, 'logprobs': 1",
            "'max_tokens': 0, 'logprobs': 1")) {
      String asked = "{" + prompts + ", 'ignore_eos': true, " + more;
      JsonNode whole = choices(asked + "}");
      List<Event> events = server.events(PATH, asked + ", 'stream': true}");
      assertEquals("[DONE]", events.getLast().data());
      List<ObjectNode> joined = new ArrayList<>(Collections.nCopies(whole.size(), null));
      for (Event event : events.subList(0, events.size() - 1)) {
        ObjectNode piece = (ObjectNode) event.json().get("choices").get(0);
        joined.set(
            piece.get("index").intValue(),
            joined(joined.get(piece.get("index").intValue()), piece));
      }
      for (int i = 0; i < whole.size(); i++) {
        assertEquals(whole.get(i), joined.get(i), more);
        assertTrue(joined.get(i).get("text").textValue().startsWith(i < 2 ? "The sky is" : "Two"));
      }
    }
  }

  /** A choice as its pieces tell it; {@code before} is null for the first. */
  private static ObjectNode joined(ObjectNode before, ObjectNode piece) {
    if (before == null) {
      String first = piece.get("text").textValue();
      assertTrue(List.of("The sky is", "Two and two").contains(first), first);
      return piece;
    }
    before.put("text", before.get("text").textValue() + piece.get("text").textValue());
    before.set("finish_reason", piece.get("finish_reason"));
    if (before.get("logprobs") instanceof ObjectNode told) {
      told.properties()
          .forEach(
              each ->
                  ((ArrayNode) each.getValue())
                      .addAll((ArrayNode) piece.get("logprobs").get(each.getKey())));
    }
    return before;
  }

  /** What is refused once a prompt is read still has a status of its own. */
  @Test
  void aStreamedEchoBeginsWithTheAnswer() {
    refused(
        "{'prompt': 'a', 'echo': true, 'stream': true, 'structured_outputs': {'regex': '('}}",
        "regex");
  }

  @Test
  void aStopTextEndsTheAnswer() {
    String whole =
        choices("{'prompt': 'The sky is', 'max_tokens': 12, 'temperature': 0}")
            .get(0)
            .get("text")
            .textValue();
    String stop = whole.substring(4, 7);
    JsonNode cut =
        choices(
                "{'prompt': 'The sky is', 'max_tokens': 12, 'temperature': 0, 'stop': '"
                    + stop
                    + "'}")
            .get(0);
    assertEquals(whole.substring(0, whole.indexOf(stop)), cut.get("text").textValue());
    assertEquals("stop", cut.get("finish_reason").textValue());
  }

  @Test
  void whatIsNotHonouredIsRefusedByName() {
    refused("{}", "prompt is missing");
    refused("{'prompt': ''}", "prompt has no token");
    refused("{'prompt': []}", "prompt has no token");
    refused("{'prompt': ['a', 1]}", "prompt[1] is neither text");
    refused("{'prompt': [1, 'a']}", "prompt[1] is no token id");
    refused("{'prompt': 'a', 'suffix': 'b'}", "suffix is not supported");
    refused("{'prompt': 'a', 'stop': ['b', '\\udc49']}", "stop holds half a character");
    refused("{'prompt': 'a', 'best_of': 2}", "best_of is not supported");
    refused("{'prompt': 'a', 'max_tokens': 0}", "an answer of 0 tokens");
    refused("{'prompt': 'a', 'logprobs': 21}", "logprobs is 21; use 0 to 20");
    refused("{'prompt': 'a', 'logprobs': true}", "logprobs is a JSON boolean");
    refused("{'prompt': 'a', 'messages': []}", "messages is not an option");
    refused("{'prompt': '" + "word ".repeat(1100) + "'}", "the context holds 1024");
  }

  private static void refused(String body, String part) {
    Reply reply = server.post(PATH, body);
    assertEquals(400, reply.status(), reply.text());
    assertTrue(reply.text().contains(part), reply.text());
  }
}

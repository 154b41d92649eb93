// ToolCallsTest: the demo model calls tools, which a template of ours shows it.
package dev.gatun;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.chat.Answer;
import dev.gatun.chat.AnswerListener;
import dev.gatun.chat.ChatOptions;
import dev.gatun.chat.FinishReason;
import dev.gatun.chat.Message;
import dev.gatun.chat.OutputFormat;
import dev.gatun.chat.Tool;
import dev.gatun.chat.ToolCall;
import dev.gatun.chat.ToolOptions;
import dev.gatun.chat.ToolOptions.Choice;
import dev.gatun.refusal.Refusal;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

class ToolCallsTest {
  private static final String TEMPLATE =
      """
      {%- for tool in tools or [] %}{{ tool | tojson }}
      {% endfor %}
      {%- for message in messages %}
      {{- '<|im_start|>' + message.role + '\\n' + message.content }}
      {%- for call in message.tool_calls or [] %}
      {{- '<tool_call>\\n{"name": "' + call.function.name + '", "arguments": ' }}
      {{- call.function.arguments + '}\\n</tool_call>' }}
      {%- endfor %}
      {{- '<|im_end|>\\n' }}
      {%- endfor %}
      {%- if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}\
      """;
  private static final Tool WEATHER =
      new Tool(
          "weather", "Tells the weather.", "{\"properties\":{\"city\":{\"type\":\"string\"}}}");
  private static final ChatOptions GREEDY =
      ChatOptions.defaults()
          .withTemperature(0)
          .withMaxTokens(64)
          .withTools(ToolOptions.of(WEATHER));

  private static Gatun model;

  @BeforeAll
  static void open() {
    model =
        Gatun.open(
            Gatun.DEMO, GatunOptions.defaults().withContext(1024).withChatTemplate(TEMPLATE));
  }

  @AfterAll
  static void close() {
    model.close();
  }

  /** So many examples that the next answer is one more. */
  private static List<Message> messages() {
    List<Message> messages = new ArrayList<>();
    for (String city : List.of("Paris", "Rome", "Madrid")) {
      messages.add(Message.user("Weather in " + city));
      ToolCall call = new ToolCall(city, "weather", "{\"city\": \"" + city + "\"}");
      messages.add(new Message("assistant", "", "", List.of(call), Optional.empty()));
      messages.add(Message.toolResult(city, "rain"));
    }
    messages.add(Message.user("Weather in Berlin"));
    return messages;
  }

  /** Writes down what it hears. */
  private static final class Heard implements AnswerListener {
    private final StringBuilder all = new StringBuilder();

    @Override
    public void text(String piece) {
      all.append(piece);
    }

    @Override
    public void toolCall(int index, String id, String name) {
      all.append("[" + index + " " + name + "]");
    }

    @Override
    public void toolArguments(int index, String piece) {
      all.append(piece);
    }
  }

  @Test
  void anAnswerCallsATool() {
    Heard heard = new Heard();
    Answer answer = model.chat(messages(), GREEDY, heard);
    assertEquals("[0 weather]{\"city\": \"Berlin\"}", heard.all.toString());
    assertEquals("", answer.text());
    assertEquals(FinishReason.TOOL_CALLS, answer.finish());
    ToolCall call = answer.toolCalls().getFirst();
    assertEquals("{\"city\": \"Berlin\"}", call.arguments());
    assertTrue(call.id().matches("call_[A-Za-z0-9]{24}"), call.id());
    List<Message> next = messages();
    next.add(answer.message());
    next.add(Message.toolResult(call.id(), "sun"));
    next.add(Message.user("Weather in Oslo"));
    Answer second = model.chat(next, GREEDY);
    assertEquals("{\"city\": \"Oslo\"}", second.toolCalls().getFirst().arguments());
  }

  @Test
  void aConversationTakesResults() {
    try (Conversation conversation = model.conversation()) {
      conversation.resume(messages().subList(0, 9));
      Answer answer = conversation.ask("Weather in Berlin", GREEDY, AnswerListener.none());
      String id = answer.toolCalls().getFirst().id();
      int known = conversation.messages().size();
      List<Message> wrong = List.of(Message.toolResult("other", "sun"));
      assertThrows(Refusal.class, () -> conversation.ask(wrong, GREEDY, AnswerListener.none()));
      assertEquals(known, conversation.messages().size());
      List<Message> results = List.of(Message.toolResult(id, "sun"));
      Answer next = conversation.ask(results, GREEDY.withMaxTokens(4), AnswerListener.none());
      assertEquals(results.getFirst(), conversation.messages().get(known));
      assertEquals(next.message(), conversation.messages().getLast());
      // The call in the history is the text that the model wrote, so it is not read again.
      assertTrue(next.usage().cachedTokens() > answer.usage().promptTokens(), next.toString());
    }
  }

  @Test
  void anAnswerOfOneCallEndsWithIt() {
    ToolOptions one = new ToolOptions(List.of(WEATHER), Choice.AUTO, Optional.empty(), false);
    Answer answer = model.chat(messages(), GREEDY.withTools(one));
    assertEquals("{\"city\": \"Berlin\"}", answer.toolCalls().getFirst().arguments());
    assertEquals(FinishReason.TOOL_CALLS, answer.finish());
    assertTrue(
        answer.usage().answerTokens() < model.chat(messages(), GREEDY).usage().answerTokens());
  }

  @Test
  void aCallThatIsCutOffIsAsFarAsItCame() {
    Answer whole = model.chat(messages(), GREEDY);
    Answer answer = model.chat(messages(), GREEDY.withMaxTokens(whole.usage().answerTokens() - 8));
    assertEquals(FinishReason.LIMIT, answer.finish());
    String arguments = answer.toolCalls().getFirst().arguments();
    assertTrue(whole.toolCalls().getFirst().arguments().startsWith(arguments), arguments);
    Answer name = model.chat(messages(), GREEDY.withMaxTokens(8));
    assertEquals(List.of(), name.toolCalls());
    assertTrue(name.text().startsWith("<tool_call>"), name.text());
  }

  @Test
  void whoMayNotCallIsToldOfTheToolsAndHeardAsText() {
    ToolOptions none = new ToolOptions(List.of(WEATHER), Choice.NONE, Optional.empty(), true);
    Answer answer = model.chat(messages(), GREEDY.withTools(none));
    assertEquals(List.of(), answer.toolCalls());
    assertTrue(answer.text().startsWith("<tool_call>\n{\"name\": \"weather\""), answer.text());
    assertEquals(FinishReason.END_OF_TEXT, answer.finish());
    assertEquals(
        model.chat(messages(), GREEDY).usage().promptTokens(), answer.usage().promptTokens());
    assertEquals(Message.assistant(answer.text()), answer.message());
  }

  /** Asked for something else, the model would not call of its own accord. */
  @Test
  void aForcedCallObeysTheSchemaOfItsTool() {
    Tool dice =
        new Tool(
            "dice",
            "Rolls dice.",
            "{\"type\":\"object\",\"properties\":{\"sides\":{\"enum\":[6,20]}},"
                + "\"required\":[\"sides\"],\"additionalProperties\":false}");
    ToolOptions tools =
        new ToolOptions(List.of(WEATHER, dice), Choice.NAMED, Optional.of("dice"), false);
    List<Message> hello = List.of(Message.user("Say hello."));
    assertEquals(List.of(), model.chat(hello, GREEDY).toolCalls());
    for (long seed = 0; seed < 4; seed++) {
      ChatOptions drawn = GREEDY.withTemperature(1.5).withSeed(seed).withTools(tools);
      Answer answer = model.chat(hello, drawn);
      assertEquals(FinishReason.TOOL_CALLS, answer.finish());
      assertEquals(List.of("dice"), answer.toolCalls().stream().map(ToolCall::name).toList());
      String arguments = answer.toolCalls().getFirst().arguments().replaceAll("\\s", "");
      assertTrue(arguments.matches("\\{\"sides\":(6|20)\\}"), arguments);
      assertEquals("", answer.text());
    }
  }

  @Test
  void whatCannotBeDoneIsRefused() {
    ChatOptions both = GREEDY.withFormat(new OutputFormat.JsonObject());
    refused(() -> model.chat(messages(), both), "may call tools as well");
    refused(() -> model.complete("Hello", GREEDY), "tools for a text");
    String toolless = "{% for m in messages %}{{ m.content }}{% endfor %}";
    try (Gatun other =
        Gatun.open(
            Gatun.DEMO, GatunOptions.defaults().withContext(64).withChatTemplate(toolless))) {
      List<Message> hello = List.of(Message.user("Hello"));
      refused(() -> other.chat(hello, GREEDY), "chat template does not show tools");
    }
  }

  private static void refused(Executable call, String part) {
    Refusal refusal = assertThrows(Refusal.class, call);
    assertEquals(Refusal.Reason.USAGE, refusal.reason());
    assertTrue(refusal.getMessage().contains(part), refusal.getMessage());
  }
}

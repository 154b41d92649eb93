// ToolsTest: tools, calls and results go through, with a template that shows them to the demo
// model.
package dev.gatun.langchain4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.Gatun;
import dev.gatun.GatunOptions;
import dev.gatun.chat.ChatOptions;
import dev.langchain4j.agent.tool.ToolExecutionRequest;
import dev.langchain4j.agent.tool.ToolSpecification;
import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.data.message.ChatMessage;
import dev.langchain4j.data.message.ToolExecutionResultMessage;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.exception.InvalidRequestException;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.ToolChoice;
import dev.langchain4j.model.chat.request.json.JsonObjectSchema;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.CompleteToolCall;
import dev.langchain4j.model.chat.response.PartialToolCall;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import dev.langchain4j.model.output.FinishReason;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class ToolsTest {
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
  private static final ChatOptions GREEDY =
      ChatOptions.defaults().withTemperature(0).withMaxTokens(64);
  private static final ToolSpecification WEATHER =
      ToolSpecification.builder()
          .name("weather")
          .description("Tells the weather.")
          .parameters(JsonObjectSchema.builder().addStringProperty("city").build())
          .build();

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

  private static ChatRequest.Builder request() {
    List<ChatMessage> messages = new ArrayList<>();
    for (String city : List.of("Paris", "Rome", "Madrid")) {
      ToolExecutionRequest call =
          ToolExecutionRequest.builder()
              .id(city)
              .name("weather")
              .arguments("{\"city\": \"" + city + "\"}")
              .build();
      messages.add(UserMessage.from("Weather in " + city));
      messages.add(AiMessage.from(call));
      messages.add(ToolExecutionResultMessage.from(call, "rain"));
    }
    messages.add(UserMessage.from("Weather in Berlin"));
    return ChatRequest.builder().messages(messages).toolSpecifications(WEATHER);
  }

  private static void checkBerlin(ChatResponse response) {
    assertEquals(FinishReason.TOOL_EXECUTION, response.finishReason());
    assertEquals(null, response.aiMessage().text());
    ToolExecutionRequest call = response.aiMessage().toolExecutionRequests().getFirst();
    assertEquals("weather", call.name());
    assertEquals("{\"city\": \"Berlin\"}", call.arguments());
  }

  @Test
  void aModelCallsATool() {
    GatunChatModel chat = new GatunChatModel(model, GREEDY, DemoModels.none(), List.of());
    checkBerlin(chat.chat(request().build()));
  }

  @Test
  void aCallStreams() {
    GatunStreamingChatModel chat =
        new GatunStreamingChatModel(model, GREEDY, DemoModels.none(), List.of());
    CompletableFuture<ChatResponse> whole = new CompletableFuture<>();
    List<String> heard = new ArrayList<>();
    chat.chat(
        request().build(),
        new StreamingChatResponseHandler() {
          @Override
          public void onPartialToolCall(PartialToolCall part) {
            assertEquals("weather", part.name());
            heard.add(part.index() + part.id() + part.partialArguments());
          }

          @Override
          public void onCompleteToolCall(CompleteToolCall call) {
            heard.add("complete " + call.toolExecutionRequest());
          }

          @Override
          public void onCompleteResponse(ChatResponse response) {
            whole.complete(response);
          }

          @Override
          public void onError(Throwable error) {
            whole.completeExceptionally(error);
          }
        });
    ChatResponse response = whole.join();
    checkBerlin(response);
    ToolExecutionRequest call = response.aiMessage().toolExecutionRequests().getFirst();
    String before = "0" + call.id();
    StringBuilder arguments = new StringBuilder();
    heard
        .subList(0, heard.size() - 1)
        .forEach(part -> arguments.append(part.substring(before.length())));
    assertEquals(call.arguments(), arguments.toString());
    assertEquals("complete " + call, heard.getLast());
  }

  @Test
  void aCallIsForced() {
    GatunChatModel chat = new GatunChatModel(model, GREEDY, DemoModels.none(), List.of());
    ChatRequest.Builder hello =
        ChatRequest.builder().messages(UserMessage.from("Hello")).toolSpecifications(WEATHER);
    assertEquals(List.of(), chat.chat(hello.build()).aiMessage().toolExecutionRequests());
    ChatResponse forced = chat.chat(hello.toolChoice(ToolChoice.REQUIRED).build());
    ToolExecutionRequest call = forced.aiMessage().toolExecutionRequests().getFirst();
    assertEquals("weather", call.name());
    assertTrue(call.arguments().startsWith("{"), call.arguments());
    ChatRequest none =
        ChatRequest.builder()
            .messages(UserMessage.from("Hello"))
            .toolChoice(ToolChoice.REQUIRED)
            .build();
    assertThrows(InvalidRequestException.class, () -> chat.chat(none));
  }

  @Test
  void whatCannotBeHonouredIsRefused() {
    GatunChatModel chat = new GatunChatModel(model, GREEDY, DemoModels.none(), List.of());
    ChatRequest stray =
        ChatRequest.builder().messages(ToolExecutionResultMessage.from("1", "add", "3")).build();
    assertThrows(InvalidRequestException.class, () -> chat.chat(stray));
  }
}

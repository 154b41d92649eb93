// LangChainClientTest: LangChain4j's OpenAI client gets from the server what the library answers.
package dev.gatun.server.openai;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.chat.ChatOptions;
import dev.gatun.chat.Message;
import dev.gatun.server.DemoServer;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.exception.InvalidRequestException;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import dev.langchain4j.model.openai.OpenAiChatModel;
import dev.langchain4j.model.openai.OpenAiStreamingChatModel;
import dev.langchain4j.model.output.FinishReason;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class LangChainClientTest {
  private static final String QUESTION = "Why is the sky blue?";

  private static DemoServer server;
  private static String expected;

  @BeforeAll
  static void start() {
    server = new DemoServer();
    ChatOptions options = ChatOptions.defaults().withTemperature(0).withMaxTokens(12);
    expected = server.model().chat(List.of(Message.user(QUESTION)), options).text();
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  private static OpenAiChatModel.OpenAiChatModelBuilder client() {
    return OpenAiChatModel.builder()
        .baseUrl(server.uri() + "/v1")
        .apiKey("none needed")
        .modelName(server.model().name())
        .maxRetries(0)
        .temperature(0.0)
        .maxTokens(12);
  }

  @Test
  void aWholeAnswer() {
    ChatResponse response = client().build().chat(UserMessage.from(QUESTION));
    assertEquals(expected, response.aiMessage().text());
    assertEquals(FinishReason.LENGTH, response.finishReason());
    assertEquals(12, response.tokenUsage().outputTokenCount());
  }

  @Test
  void aStream() throws Exception {
    OpenAiStreamingChatModel streaming =
        OpenAiStreamingChatModel.builder()
            .baseUrl(server.uri() + "/v1")
            .apiKey("none needed")
            .modelName(server.model().name())
            .temperature(0.0)
            .maxTokens(12)
            .build();
    StringBuilder pieces = new StringBuilder();
    CompletableFuture<ChatResponse> whole = new CompletableFuture<>();
    streaming.chat(
        QUESTION,
        new StreamingChatResponseHandler() {
          @Override
          public void onPartialResponse(String piece) {
            pieces.append(piece);
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
    assertEquals(expected, whole.get().aiMessage().text());
    assertEquals(expected, pieces.toString());
  }

  @Test
  void whatIsRefusedIsTheClientsException() {
    InvalidRequestException refused =
        assertThrows(
            InvalidRequestException.class, () -> client().temperature(-1.0).build().chat(QUESTION));
    assertTrue(refused.getMessage().contains("temperature"), refused.getMessage());
  }
}

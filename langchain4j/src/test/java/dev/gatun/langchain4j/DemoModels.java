// DemoModels: the demo model for LangChain4j's tests, loaded once.
package dev.gatun.langchain4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import dev.gatun.Gatun;
import dev.gatun.GatunOptions;
import dev.gatun.chat.ChatOptions;
import dev.gatun.chat.Message;
import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.data.message.ChatMessage;
import dev.langchain4j.data.message.SystemMessage;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.model.chat.listener.ChatModelListener;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.ChatRequestParameters;
import dev.langchain4j.model.chat.request.DefaultChatRequestParameters;
import dev.langchain4j.model.chat.response.ChatResponse;
import java.util.List;
import java.util.function.Function;

final class DemoModels {
  static final Gatun MODEL =
      Gatun.open(Gatun.DEMO, GatunOptions.defaults().withContext(4096).withParallel(2));

  /** The same answer each time. */
  private static final ChatOptions GREEDY = ChatOptions.defaults().withTemperature(0);

  static final List<ChatMessage> WITH_SYSTEM_MESSAGE =
      List.of(
          SystemMessage.from("Answer in French."), UserMessage.from("Name a fruit and a colour."));

  static final List<ChatMessage> SEVERAL_MESSAGES =
      List.of(
          UserMessage.from("Hi, my favorite color is green"),
          AiMessage.from("Hi, nice to meet you"),
          UserMessage.from("What is my favorite color?"));

  private DemoModels() {}

  /** Asserts that messages give the library's answer, and that all but the last play a part. */
  static void requireLibrarysWords(
      Function<ChatRequest, ChatResponse> model, List<ChatMessage> messages) {
    List<Message> plain =
        messages.stream()
            .map(
                message ->
                    switch (message) {
                      case SystemMessage system -> Message.system(system.text());
                      case AiMessage answer -> Message.assistant(answer.text());
                      case UserMessage user -> Message.user(user.singleText());
                      default -> throw new AssertionError(message);
                    })
            .toList();
    ChatRequest request = ChatRequest.builder().messages(messages).maxOutputTokens(24).build();
    String text = model.apply(request).aiMessage().text();
    assertEquals(MODEL.chat(plain, GREEDY.withMaxTokens(24)).text(), text);
    List<Message> last = List.of(plain.getLast());
    assertNotEquals(MODEL.chat(last, GREEDY.withMaxTokens(24)).text(), text);
  }

  static GatunChatModel chat(ChatRequestParameters parameters, ChatModelListener... listeners) {
    return new GatunChatModel(MODEL, GREEDY, parameters, List.of(listeners));
  }

  static GatunStreamingChatModel streaming(
      ChatRequestParameters parameters, ChatModelListener... listeners) {
    return new GatunStreamingChatModel(MODEL, GREEDY, parameters, List.of(listeners));
  }

  static ChatRequestParameters none() {
    return DefaultChatRequestParameters.EMPTY;
  }
}

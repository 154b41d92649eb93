// GatunChatModelTest: parameters are honoured or refused, and messages keep their thinking.
package dev.gatun.langchain4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.chat.Message;
import dev.gatun.refusal.Refusal;
import dev.langchain4j.agent.tool.ToolSpecification;
import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.data.message.ChatMessage;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.exception.InvalidRequestException;
import dev.langchain4j.exception.UnsupportedFeatureException;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.ChatRequestParameters;
import dev.langchain4j.model.chat.request.DefaultChatRequestParameters;
import dev.langchain4j.model.chat.request.ResponseFormat;
import dev.langchain4j.model.chat.request.ResponseFormatType;
import dev.langchain4j.model.chat.request.json.JsonObjectSchema;
import dev.langchain4j.model.chat.request.json.JsonRawSchema;
import dev.langchain4j.model.chat.request.json.JsonSchema;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.output.FinishReason;
import java.util.List;
import org.junit.jupiter.api.Test;

class GatunChatModelTest {
  private static final UserMessage SKY = UserMessage.from("Why is the sky blue?");

  private static ChatRequest request(ChatRequestParameters parameters, ChatMessage... messages) {
    return ChatRequest.builder().messages(messages).parameters(parameters).build();
  }

  /** A provider's own parameters, of which the engine knows nothing. */
  private static final class Foreign extends DefaultChatRequestParameters {
    Foreign() {
      super(ChatRequestParameters.builder().maxOutputTokens(1));
    }
  }

  @Test
  void aRequestsParametersWinOverTheDefaults() {
    GatunChatModel model =
        DemoModels.chat(ChatRequestParameters.builder().maxOutputTokens(7).build());
    ChatResponse seven = model.chat(SKY);
    assertEquals(7, seven.tokenUsage().outputTokenCount());
    assertEquals(FinishReason.LENGTH, seven.finishReason());
    ChatRequestParameters three =
        ChatRequestParameters.builder()
            .maxOutputTokens(3)
            .temperature(0.0)
            .topK(3)
            .topP(0.5)
            .presencePenalty(0.1)
            .frequencyPenalty(0.1)
            .modelName(DemoModels.MODEL.name())
            .build();
    assertEquals(3, model.chat(request(three, SKY)).tokenUsage().outputTokenCount());
  }

  @Test
  void whatCannotBeHonouredIsRefusedAndNotIgnored() {
    unsupported("parameters of another provider", request(new Foreign(), SKY));
    ChatRequestParameters other = ChatRequestParameters.builder().modelName("gpt").build();
    unsupported("modelName", request(other, SKY));
    ChatRequestParameters none = DemoModels.none();
    ToolSpecification add = ToolSpecification.builder().name("add").build();
    ChatRequestParameters tool =
        ChatRequestParameters.builder().toolSpecifications(List.of(add)).build();
    unsupported("a tool", request(tool, SKY));
    unsupported("name of the user", request(none, UserMessage.from("Ann", "hello")));
    assertThrows(UnsupportedFeatureException.class, () -> DemoModels.chat(other));
    assertThrows(UnsupportedFeatureException.class, () -> DemoModels.streaming(other));
  }

  private static void unsupported(String part, ChatRequest request) {
    for (Runnable call :
        List.<Runnable>of(
            () -> DemoModels.chat(DemoModels.none()).chat(request),
            () -> DemoModels.streaming(DemoModels.none()).chat(request, null))) {
      UnsupportedFeatureException thrown =
          assertThrows(UnsupportedFeatureException.class, call::run);
      assertTrue(thrown.getMessage().contains(part), thrown.getMessage());
    }
  }

  @Test
  void aValueOutOfRangeIsAnInvalidRequest() {
    GatunChatModel model = DemoModels.chat(DemoModels.none());
    for (ChatRequestParameters wrong :
        List.of(
            ChatRequestParameters.builder().maxOutputTokens(0).build(),
            ChatRequestParameters.builder().topP(7.0).build())) {
      InvalidRequestException thrown =
          assertThrows(InvalidRequestException.class, () -> model.chat(request(wrong, SKY)));
      assertInstanceOf(Refusal.class, thrown.getCause());
    }
  }

  @Test
  void anAnswerHasItsForm() {
    GatunChatModel model = DemoModels.chat(DemoModels.none());
    JsonObjectSchema person =
        JsonObjectSchema.builder()
            .addStringProperty("name")
            .addIntegerProperty("age")
            .required("name", "age")
            .additionalProperties(false)
            .build();
    ResponseFormat schema =
        ResponseFormat.builder()
            .type(ResponseFormatType.JSON)
            .jsonSchema(JsonSchema.builder().name("person").rootElement(person).build())
            .build();
    String answer = formed(model, schema);
    assertTrue(
        answer.matches("\\{\\s*\"name\":\\s*\"[^\"]*\",\\s*\"age\":\\s*-?\\d+\\s*}"), answer);
    assertTrue(formed(model, ResponseFormat.JSON).startsWith("{"));
    assertFalse(formed(model, ResponseFormat.TEXT).startsWith("{"));
  }

  private static String formed(GatunChatModel model, ResponseFormat format) {
    UserMessage ann = UserMessage.from("Ann is 7 years old. Who is Ann, and how old is she?");
    ChatRequestParameters asked =
        ChatRequestParameters.builder().responseFormat(format).maxOutputTokens(48).build();
    return model.chat(request(asked, ann)).aiMessage().text();
  }

  @Test
  void aSchemaThatIsNotTakenIsAnInvalidRequest() {
    ResponseFormat schema =
        ResponseFormat.builder()
            .type(ResponseFormatType.JSON)
            .jsonSchema(
                JsonSchema.builder()
                    .rootElement(JsonRawSchema.from("{\"contains\": {\"type\": \"string\"}}"))
                    .build())
            .build();
    GatunChatModel model = DemoModels.chat(DemoModels.none());
    InvalidRequestException thrown =
        assertThrows(InvalidRequestException.class, () -> formed(model, schema));
    assertTrue(thrown.getMessage().contains("contains"), thrown.getMessage());
  }

  @Test
  void thinkingGoesBackWhereTemplatesLookForIt() {
    AiMessage thought = AiMessage.builder().thinking("hm").text("4").build();
    assertEquals(
        List.of(Message.user("2 + 2?"), Message.assistant("<think>\nhm\n</think>\n\n4")),
        Requests.messages(List.of(UserMessage.from("2 + 2?"), thought)));
  }
}

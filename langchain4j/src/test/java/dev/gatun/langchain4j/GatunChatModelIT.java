// GatunChatModelIT: LangChain4j's tests of every ChatModel, with the demo model.
package dev.gatun.langchain4j;

import dev.langchain4j.model.chat.ChatModel;
import dev.langchain4j.model.chat.common.AbstractChatModelIT;
import dev.langchain4j.model.chat.request.ChatRequestParameters;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class GatunChatModelIT extends AbstractChatModelIT {
  @Override
  protected List<ChatModel> models() {
    return List.of(DemoModels.chat(DemoModels.none()));
  }

  @Override
  protected ChatModel createModelWith(ChatRequestParameters parameters) {
    return DemoModels.chat(parameters);
  }

  @Override
  protected ChatRequestParameters createIntegrationSpecificParameters(int maxOutputTokens) {
    return createParameters(maxOutputTokens);
  }

  // One model is loaded, so a request cannot name another.
  @Override
  protected boolean supportsModelNameParameter() {
    return false;
  }

  @Override
  protected boolean supportsTools() {
    return false;
  }

  @Override
  protected boolean supportsToolChoiceRequired() {
    return false;
  }

  @Override
  protected boolean supportsJsonResponseFormat() {
    return false;
  }

  @Override
  protected boolean supportsJsonResponseFormatWithSchema() {
    return false;
  }

  @Override
  protected boolean supportsJsonResponseFormatWithRawSchema() {
    return false;
  }

  @Override
  protected boolean supportsSingleImageInputAsBase64EncodedString() {
    return false;
  }

  @Override
  protected boolean supportsSingleImageInputAsPublicURL() {
    return false;
  }

  // The demo model knows too little of German, and of what was said, for their questions. That the
  // messages reach it shows in its words, which are those that the library gives.
  @Override
  @ParameterizedTest
  @MethodSource("models")
  protected void should_respect_system_message(ChatModel model) {
    DemoModels.requireLibrarysWords(
        request -> chat(model, request).chatResponse(), DemoModels.WITH_SYSTEM_MESSAGE);
  }

  @Override
  @ParameterizedTest
  @MethodSource("models")
  protected void should_respect_multiple_messages(ChatModel model) {
    DemoModels.requireLibrarysWords(
        request -> chat(model, request).chatResponse(), DemoModels.SEVERAL_MESSAGES);
  }
}

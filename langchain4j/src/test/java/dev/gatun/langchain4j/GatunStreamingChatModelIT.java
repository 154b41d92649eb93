// GatunStreamingChatModelIT: LangChain4j's tests of every StreamingChatModel, with the demo model.
package dev.gatun.langchain4j;

import dev.langchain4j.model.chat.StreamingChatModel;
import dev.langchain4j.model.chat.common.AbstractStreamingChatModelIT;
import dev.langchain4j.model.chat.listener.ChatModelListener;
import dev.langchain4j.model.chat.request.ChatRequestParameters;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class GatunStreamingChatModelIT extends AbstractStreamingChatModelIT {
  @Override
  protected List<StreamingChatModel> models() {
    return List.of(DemoModels.streaming(DemoModels.none()));
  }

  @Override
  protected StreamingChatModel createModelWith(ChatRequestParameters parameters) {
    return DemoModels.streaming(parameters);
  }

  @Override
  public StreamingChatModel createModelWith(ChatModelListener listener) {
    return DemoModels.streaming(DemoModels.none(), listener);
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
  protected void should_respect_system_message(StreamingChatModel model) {
    DemoModels.requireLibrarysWords(
        request -> chat(model, request).chatResponse(), DemoModels.WITH_SYSTEM_MESSAGE);
  }

  @Override
  @ParameterizedTest
  @MethodSource("models")
  protected void should_respect_multiple_messages(StreamingChatModel model) {
    DemoModels.requireLibrarysWords(
        request -> chat(model, request).chatResponse(), DemoModels.SEVERAL_MESSAGES);
  }
}

// GatunChatModel: a loaded model as LangChain4j's ChatModel.
package dev.gatun.langchain4j;

import dev.gatun.Gatun;
import dev.gatun.chat.Answer;
import dev.gatun.chat.ChatOptions;
import dev.gatun.refusal.Refusal;
import dev.langchain4j.model.chat.ChatModel;
import dev.langchain4j.model.chat.ChatRequestOptions;
import dev.langchain4j.model.chat.listener.ChatModelListener;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.ChatRequestParameters;
import dev.langchain4j.model.chat.request.DefaultChatRequestParameters;
import dev.langchain4j.model.chat.response.ChatResponse;
import java.util.List;

/**
 * For any threads. The model is the caller's to close, after the last answer. An answer whose
 * thread is interrupted is what had come, with finish reason OTHER.
 *
 * @param options what LangChain4j's parameters have no words for, such as min-p, a seed or the
 *     template's variables; where both say something, the parameters win
 * @param defaultRequestParameters for requests that say nothing else
 * @param listeners hear requests, responses and errors
 */
public record GatunChatModel(
    Gatun model,
    ChatOptions options,
    ChatRequestParameters defaultRequestParameters,
    List<ChatModelListener> listeners)
    implements ChatModel {

  /**
   * @throws dev.langchain4j.exception.UnsupportedFeatureException for a default that cannot be
   *     honoured
   */
  public GatunChatModel {
    Requests.requireHonoured(model, defaultRequestParameters);
    listeners = List.copyOf(listeners);
  }

  /** With the model's own settings. */
  public GatunChatModel(Gatun model) {
    this(model, ChatOptions.defaults(), DefaultChatRequestParameters.EMPTY, List.of());
  }

  @Override
  public ChatResponse chat(ChatRequest request, ChatRequestOptions requestOptions) {
    Requests.requireHonoured(model, request.parameters());
    return ChatModel.super.chat(request, requestOptions);
  }

  @Override
  public ChatResponse doChat(ChatRequest request) {
    ChatOptions asked = Requests.options(model, options, request.parameters());
    try {
      Answer answer = model.chat(Requests.messages(request.messages()), asked);
      return Requests.response(model, answer);
    } catch (Refusal refusal) {
      throw Requests.mapped(refusal);
    }
  }
}

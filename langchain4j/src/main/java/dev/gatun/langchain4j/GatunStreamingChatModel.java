// GatunStreamingChatModel: a loaded model as LangChain4j's StreamingChatModel.
package dev.gatun.langchain4j;

import dev.gatun.Gatun;
import dev.gatun.chat.ChatOptions;
import dev.gatun.chat.Message;
import dev.langchain4j.model.chat.ChatRequestOptions;
import dev.langchain4j.model.chat.StreamingChatModel;
import dev.langchain4j.model.chat.listener.ChatModelListener;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.ChatRequestParameters;
import dev.langchain4j.model.chat.request.DefaultChatRequestParameters;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import java.util.List;

/**
 * For any threads. A virtual thread of its own calls the handler of each request; a request that
 * cannot be honoured is thrown at once, on the caller's. What a handler throws is told to its
 * {@code onError}, and the answer goes on; its {@code StreamingHandle} ends it at the next step,
 * after which nothing more is heard.
 *
 * @param options what LangChain4j's parameters have no words for, such as min-p, a seed or the
 *     template's variables; where both say something, the parameters win
 * @param defaultRequestParameters for requests that say nothing else
 * @param listeners hear requests, responses and errors
 */
public record GatunStreamingChatModel(
    Gatun model,
    ChatOptions options,
    ChatRequestParameters defaultRequestParameters,
    List<ChatModelListener> listeners)
    implements StreamingChatModel {

  /**
   * @throws dev.langchain4j.exception.UnsupportedFeatureException for a default that cannot be
   *     honoured
   */
  public GatunStreamingChatModel {
    Requests.requireHonoured(model, defaultRequestParameters);
    listeners = List.copyOf(listeners);
  }

  /** With the model's own settings. */
  public GatunStreamingChatModel(Gatun model) {
    this(model, ChatOptions.defaults(), DefaultChatRequestParameters.EMPTY, List.of());
  }

  @Override
  public void chat(
      ChatRequest request,
      ChatRequestOptions requestOptions,
      StreamingChatResponseHandler handler) {
    Requests.requireHonoured(model, request.parameters());
    Requests.messages(request.messages());
    StreamingChatModel.super.chat(request, requestOptions, handler);
  }

  @Override
  public void doChat(ChatRequest request, StreamingChatResponseHandler handler) {
    ChatOptions asked = Requests.options(model, options, request.parameters());
    List<Message> messages = Requests.messages(request.messages());
    Thread.ofVirtual()
        .name("gatun-langchain4j")
        .start(() -> new Streaming(handler).run(model, messages, asked));
  }
}

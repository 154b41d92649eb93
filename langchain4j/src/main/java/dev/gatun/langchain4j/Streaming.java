// Streaming: one answer on its way to a handler.
package dev.gatun.langchain4j;

import dev.gatun.Gatun;
import dev.gatun.chat.Answer;
import dev.gatun.chat.AnswerListener;
import dev.gatun.chat.Cancellation;
import dev.gatun.chat.ChatOptions;
import dev.gatun.chat.FinishReason;
import dev.gatun.chat.Message;
import dev.gatun.refusal.Refusal;
import dev.langchain4j.model.chat.response.PartialResponse;
import dev.langchain4j.model.chat.response.PartialResponseContext;
import dev.langchain4j.model.chat.response.PartialThinking;
import dev.langchain4j.model.chat.response.PartialThinkingContext;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import dev.langchain4j.model.chat.response.StreamingHandle;
import java.util.List;

/** The handler's own failures are told to it, and end nothing. */
final class Streaming implements AnswerListener, StreamingHandle {
  private final StreamingChatResponseHandler handler;
  private final Cancellation cancellation = new Cancellation();

  Streaming(StreamingChatResponseHandler handler) {
    this.handler = handler;
  }

  void run(Gatun model, List<Message> messages, ChatOptions options) {
    try {
      // The caller's own cancellation ends this answer as the handle does.
      try (Cancellation.Registration _ = options.cancellation().onCancel(this::cancel)) {
        Answer answer = model.chat(messages, options.withCancellation(cancellation), this);
        if (answer.finish() != FinishReason.CANCELLED) {
          tell(() -> handler.onCompleteResponse(Requests.response(model, answer)));
        }
      }
    } catch (Refusal refusal) {
      tellError(Requests.mapped(refusal));
    } catch (RuntimeException | Error e) {
      tellError(e);
    }
  }

  @Override
  public void text(String piece) {
    if (!isCancelled()) {
      PartialResponse partial = new PartialResponse(piece);
      tell(() -> handler.onPartialResponse(partial, new PartialResponseContext(this)));
    }
  }

  @Override
  public void thinking(String piece) {
    if (!isCancelled()) {
      PartialThinking partial = new PartialThinking(piece);
      tell(() -> handler.onPartialThinking(partial, new PartialThinkingContext(this)));
    }
  }

  @Override
  public void cancel() {
    cancellation.cancel();
  }

  @Override
  public boolean isCancelled() {
    return cancellation.isCancelled();
  }

  private void tell(Runnable call) {
    try {
      call.run();
    } catch (RuntimeException e) {
      tellError(e);
    }
  }

  private void tellError(Throwable error) {
    try {
      handler.onError(error);
    } catch (RuntimeException e) {
      // LangChain4j's contract: what onError throws is ignored.
    }
  }
}

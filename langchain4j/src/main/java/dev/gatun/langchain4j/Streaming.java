// Streaming: one answer on its way to a handler.
package dev.gatun.langchain4j;

import dev.gatun.Gatun;
import dev.gatun.chat.Answer;
import dev.gatun.chat.AnswerListener;
import dev.gatun.chat.Cancellation;
import dev.gatun.chat.ChatOptions;
import dev.gatun.chat.FinishReason;
import dev.gatun.chat.Message;
import dev.gatun.chat.ToolCall;
import dev.gatun.refusal.Refusal;
import dev.langchain4j.model.chat.response.CompleteToolCall;
import dev.langchain4j.model.chat.response.PartialResponse;
import dev.langchain4j.model.chat.response.PartialResponseContext;
import dev.langchain4j.model.chat.response.PartialThinking;
import dev.langchain4j.model.chat.response.PartialThinkingContext;
import dev.langchain4j.model.chat.response.PartialToolCall;
import dev.langchain4j.model.chat.response.PartialToolCallContext;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import dev.langchain4j.model.chat.response.StreamingHandle;
import java.util.List;
import java.util.Optional;

/** The handler's own failures are told to it, and end nothing. */
final class Streaming implements AnswerListener, StreamingHandle {
  private final StreamingChatResponseHandler handler;
  private final Cancellation cancellation = new Cancellation();
  private Optional<ToolCall> call = Optional.empty(); // as far as it has come
  private int callIndex;

  Streaming(StreamingChatResponseHandler handler) {
    this.handler = handler;
  }

  void run(Gatun model, List<Message> messages, ChatOptions options) {
    try {
      // The caller's own cancellation ends this answer as the handle does.
      try (Cancellation.Registration _ = options.cancellation().onCancel(this::cancel)) {
        Answer answer = model.chat(messages, options.withCancellation(cancellation), this);
        if (answer.finish() != FinishReason.CANCELLED) {
          endCall();
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
  public void toolCall(int index, String id, String name) {
    endCall();
    call = Optional.of(new ToolCall(id, name, ""));
    callIndex = index;
  }

  @Override
  public void toolArguments(int index, String piece) {
    ToolCall known = call.orElseThrow();
    call = Optional.of(new ToolCall(known.id(), known.name(), known.arguments() + piece));
    if (!isCancelled()) {
      PartialToolCall partial =
          PartialToolCall.builder()
              .index(index)
              .id(known.id())
              .name(known.name())
              .partialArguments(piece)
              .build();
      tell(() -> handler.onPartialToolCall(partial, new PartialToolCallContext(this)));
    }
  }

  // A call is whole where the next one begins, or the answer ends.
  private void endCall() {
    if (call.isPresent() && !isCancelled()) {
      CompleteToolCall complete = new CompleteToolCall(callIndex, Tools.request(call.get()));
      tell(() -> handler.onCompleteToolCall(complete));
    }
    call = Optional.empty();
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

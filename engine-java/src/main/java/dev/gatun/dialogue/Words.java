// Words: an answer's tokens as text, as far as the first stop string, and what has to follow them.
package dev.gatun.dialogue;

import dev.gatun.chat.ChatOptions;
import dev.gatun.chat.FinishReason;
import dev.gatun.chat.Message;
import dev.gatun.chat.ThinkingEnd;
import dev.gatun.chat.ThinkingOptions;
import dev.gatun.chat.TokenLogProb;
import dev.gatun.engine.Generation;
import dev.gatun.sample.LogProbs;
import dev.gatun.text.TokenStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/** For one answer and one thread. */
final class Words {

  /** What has to follow a token. */
  enum Next {
    /** The next one. */
    TOKEN,
    /** Nothing: a stop string was said, or the one tool call there may be. */
    END,
    /** The end of the thinking, which the model does not write itself. */
    CLOSING,
    /** The answer, since the model has closed its thinking. */
    ANSWER
  }

  private final Dialect dialect;
  private final ThinkingOptions thinking;
  private final TokenStream stream;
  private final ThinkSplitter splitter;
  private final CallSplitter calls;
  private final StopStrings stops;
  private final Consumer<TokenLogProb> listener;
  private final LoopGuard guard = new LoopGuard();
  private final List<TokenLogProb> logProbs = new ArrayList<>();
  private ThinkingEnd due = ThinkingEnd.NONE; // why the thinking has to be closed
  private ThinkingEnd end = ThinkingEnd.NONE;
  private int thinkingTokens;

  Words(
      Dialect dialect,
      Prompt prompt,
      ChatOptions options,
      ThinkSplitter.Sink sink,
      Consumer<TokenLogProb> listener) {
    this.dialect = dialect;
    this.listener = listener;
    thinking = options.thinking();
    Optional<ToolForm> form = dialect.toolForm(options.tools());
    stream = new TokenStream(dialect.tokenizer(), id -> dialect.isHidden(id, form));
    calls = new CallSplitter(form, options.tools(), sink);
    splitter = new ThinkSplitter(prompt.text(), calls);
    stops = new StopStrings(options.stops(), splitter::push);
  }

  /** What has to come before the first token is drawn. */
  Next first() {
    return splitter.isThinking() && thinking.budget() == 0
        ? closing(ThinkingEnd.BUDGET)
        : Next.TOKEN;
  }

  /** Takes a token that was drawn. */
  Next push(int token, Optional<LogProbs> told) {
    told.map(found -> Scores.named(found, dialect.tokenizer())).ifPresent(this::tell);
    boolean thought = splitter.isThinking();
    stops.push(stream.push(token));
    boolean thinks = splitter.isThinking();
    if (thought || thinks) {
      thinkingTokens++;
    }
    boolean closed = thought && !thinks;
    if (closed) {
      end = ThinkingEnd.MODEL;
    }
    if (stops.found() || calls.isFull()) {
      return Next.END;
    }
    return thinks ? afterThought(token) : closed ? Next.ANSWER : Next.TOKEN;
  }

  private Next afterThought(int token) {
    boolean loops = thinking.guardsLoops() && guard.loops(token);
    if (thinking.budget() >= 0 && thinkingTokens >= thinking.budget()) {
      return closing(ThinkingEnd.BUDGET);
    }
    return loops ? closing(ThinkingEnd.LOOP) : Next.TOKEN;
  }

  private Next closing(ThinkingEnd reason) {
    due = reason;
    return Next.CLOSING;
  }

  /** Takes the tokens that close the thinking in the model's place; all count as thinking. */
  void close(int[] tokens) {
    thinkingTokens += tokens.length;
    end = due;
    write(tokens);
  }

  /** Takes tokens that the model did not draw, in which no stop string is looked for. */
  void write(int[] tokens) {
    stops.push(stream.flush());
    stops.finish();
    for (int token : tokens) {
      splitter.push(stream.push(token));
    }
  }

  void finish() {
    stops.push(stream.flush());
    stops.finish();
    splitter.finish();
    calls.finish();
  }

  FinishReason finished(Generation.Stop stop) {
    if (stops.found()) {
      return FinishReason.STOP_STRING;
    }
    if (calls.isFull() || calls.hasCalls() && stop == Generation.Stop.END_OF_TEXT) {
      return FinishReason.TOOL_CALLS;
    }
    return switch (stop) {
      case END_OF_TEXT -> FinishReason.END_OF_TEXT;
      case LIMIT -> FinishReason.LIMIT;
      case CONTEXT_FULL -> FinishReason.CONTEXT_FULL;
      case INTERRUPTED -> FinishReason.CANCELLED;
    };
  }

  /**
   * The answer as a message: all that was said, tags included, with the tool calls apart.
   *
   * @param opening what the prompt had of it already
   */
  Message message(String opening) {
    return calls.message(opening);
  }

  /** All that was said but the tool calls, tags included. */
  String text() {
    return calls.said();
  }

  /** The stop string that ended the answer. */
  Optional<String> stop() {
    return stops.which();
  }

  List<TokenLogProb> logProbs() {
    return logProbs;
  }

  ThinkingEnd thinkingEnd() {
    return end;
  }

  int thinkingTokens() {
    return thinkingTokens;
  }

  private void tell(TokenLogProb token) {
    logProbs.add(token);
    listener.accept(token);
  }
}

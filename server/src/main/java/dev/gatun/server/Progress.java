// Progress: how far the answers of a request are.
package dev.gatun.server;

import dev.gatun.chat.AnswerListener;
import dev.gatun.chat.TokenLogProb;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicInteger;

/** For any threads. */
public final class Progress implements AutoCloseable {
  /** What a request waits for. */
  enum State {
    /** For the end of its prompt, or its turn before that. */
    PROMPT,
    THINKING,
    ANSWER
  }

  private final Slots slots;
  private final String path;
  private final Instant since = Instant.now();
  private final AtomicInteger pieces = new AtomicInteger();
  private volatile String id = "";
  private volatile int promptTokens;
  private volatile State state = State.PROMPT;

  Progress(Slots slots, String path) {
    this.slots = slots;
    this.path = path;
  }

  /** From now on {@code GET /slots} names the request. */
  public void begin(String name, int tokensOfPrompt) {
    id = name;
    promptTokens = tokensOfPrompt;
    slots.add(this);
  }

  /** Passes one of the request's answers on, and sees how it comes along. */
  public AnswerListener hearing(AnswerListener listener) {
    return new Heard(listener);
  }

  String path() {
    return path;
  }

  Instant since() {
    return since;
  }

  String id() {
    return id;
  }

  int promptTokens() {
    return promptTokens;
  }

  /** Pieces that came, each of a token as a rule, of all answers. */
  int pieces() {
    return pieces.get();
  }

  State state() {
    return state;
  }

  @Override
  public void close() {
    slots.remove(this);
  }

  /** Of one answer and one thread. */
  private final class Heard implements AnswerListener {
    private final AnswerListener listener;
    private long last;

    Heard(AnswerListener listener) {
      this.listener = listener;
    }

    @Override
    public void text(String piece) {
      came(State.ANSWER);
      listener.text(piece);
    }

    @Override
    public void thinking(String piece) {
      came(State.THINKING);
      listener.thinking(piece);
    }

    @Override
    public void toolCall(int index, String callId, String name) {
      came(State.ANSWER);
      listener.toolCall(index, callId, name);
    }

    @Override
    public void toolArguments(int index, String piece) {
      came(State.ANSWER);
      listener.toolArguments(index, piece);
    }

    @Override
    public void token(TokenLogProb token) {
      listener.token(token);
    }

    private void came(State now) {
      long nanos = System.nanoTime();
      pieces.incrementAndGet();
      if (last != 0) {
        slots.metrics().piece(nanos - last);
      }
      last = nanos;
      state = now;
    }
  }
}

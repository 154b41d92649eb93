// Generation: turns a prompt into an answer, token by token.
package dev.gatun.engine;

import dev.gatun.chat.Cancellation;
import dev.gatun.chat.Cancellation.Registration;
import dev.gatun.engine.Answer.Cancelled;
import dev.gatun.engine.Answer.Event;
import dev.gatun.engine.Answer.Failure;
import dev.gatun.engine.Answer.Token;
import dev.gatun.sample.LogProbs;
import dev.gatun.sample.Sampler;
import java.util.Arrays;
import java.util.Optional;
import java.util.Set;
import java.util.function.IntPredicate;

/**
 * One answer, as the caller hears it. The engine goes on while the caller listens; where the caller
 * stops it, the session is as if no token had been drawn after the last that was heard. That last
 * token is not in the cache: it is the next to run.
 */
public final class Generation {
  private final Session session;
  private final Limits limits;
  private final Listener listener;
  private final Cancellation cancellation;
  private int[] answer = new int[16];
  private int count;
  private long firstToken;
  private long lastToken;

  private Generation(Session session, Limits limits, Listener listener, Cancellation cancellation) {
    this.session = session;
    this.limits = limits;
    this.listener = listener;
    this.cancellation = cancellation;
  }

  /** Who hears an answer, on the thread that asked. */
  @FunctionalInterface
  public interface Listener {
    /**
     * @param logProbs where they are asked for
     * @return what follows this token
     */
    Next hear(int token, Optional<LogProbs> logProbs);
  }

  /** What follows a token that was heard. */
  public enum Next {
    TOKEN,
    /** Nothing. */
    END,
    /**
     * Another answer of the session, soon: until it comes, or {@link Session#giveUpPlace}, no other
     * session takes the place in the steps.
     */
    PAUSE
  }

  /** Why an answer ended. */
  public enum Stop {
    /** One of {@link Limits#stopIds} was drawn, or the sampler's mask lets nothing follow. */
    END_OF_TEXT,
    /** The answer has {@link Limits#tokens} tokens. */
    LIMIT,
    /** The sequence is as long as one may be. */
    CONTEXT_FULL,
    /** The caller, its thread or the session's close ended it. */
    INTERRUPTED
  }

  /**
   * @param promptTokens that are in the cache now
   * @param sharedTokens of them, which another sequence had computed
   * @param rereadTokens of the session before the prompt, which had to be run again: other
   *     sequences had needed their part of the cache
   * @param promptNanos from the start of the prompt to the first token's choice
   * @param generationNanos from there to the last token's choice
   */
  public record Stats(
      int promptTokens,
      int sharedTokens,
      int rereadTokens,
      long promptNanos,
      int generatedTokens,
      long generationNanos) {}

  /**
   * @param tokens the answer, with the token that ended it
   */
  public record Result(Stop stop, Stats stats, int[] tokens) {}

  /**
   * @param drawable ids from this on are padding of the output projection and never chosen; usually
   *     the tokenizer's size
   * @param stopIds tokens that end the answer; they are not heard
   * @param tokens most tokens of the answer, 1 or more; negative for as many as the context holds
   * @param goesOn whether it goes on with an answer that has run before, and so takes its turn
   *     before those that have not, where its place was not kept
   */
  public record Limits(int drawable, Set<Integer> stopIds, int tokens, boolean goesOn) {
    public Limits {
      if (tokens == 0) {
        throw new IllegalArgumentException("an answer of no tokens");
      }
      if (drawable < 1) {
        throw new IllegalArgumentException(drawable + " tokens to draw from");
      }
      stopIds = Set.copyOf(stopIds);
    }

    /** Of an answer that begins. */
    public Limits(int drawable, Set<Integer> stopIds, int tokens) {
      this(drawable, stopIds, tokens, false);
    }
  }

  /**
   * Runs a prompt and draws what follows. What goes wrong on the way is thrown here, after the
   * tokens before it were heard; the session then holds all of them but the last.
   *
   * @param prompt tokens not yet in the session, at least one
   * @param sampler the answer's from now on: not to be used by anybody else
   * @param topLogProbs how many of the likeliest tokens are told beside each drawn one; -1 for no
   *     log-probabilities
   * @param cancellation ends the answer at the next step, as interrupting this thread does; no
   *     token is heard any more
   */
  public static Result run(
      Session session,
      int[] prompt,
      Sampler sampler,
      Limits limits,
      int topLogProbs,
      Listener listener,
      Cancellation cancellation) {
    Generation generation = new Generation(session, limits, listener, cancellation);
    return session.locked(() -> generation.run(prompt, sampler, topLogProbs));
  }

  /**
   * As above, without log-probabilities.
   *
   * @param onToken hears each token, on this thread; false ends the answer with that token
   */
  public static Result run(
      Session session,
      int[] prompt,
      Sampler sampler,
      Limits limits,
      IntPredicate onToken,
      Cancellation cancellation) {
    Listener listener = (token, _) -> onToken.test(token) ? Next.TOKEN : Next.END;
    return run(session, prompt, sampler, limits, -1, listener, cancellation);
  }

  private Result run(int[] prompt, Sampler sampler, int topLogProbs) {
    session.check(prompt);
    int before = session.sequence().length();
    long start = System.nanoTime();
    Answer task = session.newAnswer(prompt, sampler, limits, topLogProbs);
    Stop stop;
    try {
      stop = session.run(task, this::listen);
    } finally {
      // The last token heard is not in the cache yet.
      session.sequence().cut(before + prompt.length + Math.max(0, count - 1));
    }
    long first = count == 0 ? System.nanoTime() : firstToken;
    int read = Math.min(prompt.length, session.sequence().length() - before);
    long generation = count == 0 ? 0 : lastToken - first;
    Stats stats = new Stats(read, task.shared(), task.reread(), first - start, count, generation);
    return new Result(stop, stats, Arrays.copyOf(answer, count));
  }

  private Stop listen(Answer task) {
    try (Registration _ = cancellation.onCancel(task::cancel)) {
      while (true) {
        Event event = task.take();
        if (cancellation.isCancelled()) {
          return Stop.INTERRUPTED;
        }
        Optional<Stop> stop = hear(event, task);
        if (stop.isPresent()) {
          return stop.get();
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // for the caller to see
      return Stop.INTERRUPTED;
    }
  }

  /** Why the answer ends with this event, where it does. */
  private Optional<Stop> hear(Event event, Answer task) {
    return switch (event) {
      case Token token -> {
        remember(token);
        boolean ended = limits.stopIds().contains(token.id());
        Next next = ended ? Next.TOKEN : listener.hear(token.id(), token.logProbs());
        if (next == Next.PAUSE) {
          task.pause();
        }
        boolean goesOn = next == Next.TOKEN;
        yield goesOn ? token.stop() : token.stop().or(() -> Optional.of(Stop.INTERRUPTED));
      }
      case Cancelled _ -> Optional.of(Stop.INTERRUPTED);
      case Failure failure -> throw Task.rethrown(failure.cause());
    };
  }

  private void remember(Token token) {
    lastToken = token.nanos();
    if (count == 0) {
      firstToken = lastToken;
    }
    if (count == answer.length) {
      answer = Arrays.copyOf(answer, 2 * count);
    }
    answer[count++] = token.id();
  }
}

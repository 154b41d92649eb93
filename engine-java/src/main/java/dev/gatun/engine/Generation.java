// Generation: the loop that turns a prompt into an answer, token by token.
package dev.gatun.engine;

import dev.gatun.refusal.Refusal;
import dev.gatun.sample.Sampler;
import java.util.Arrays;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.IntConsumer;

/** One answer: reads the prompt, then samples until something stops it. */
public final class Generation {
  private final Session session;
  private final Sampler sampler;
  private final Drawing drawing;
  private final Limits limits;
  private final IntConsumer onToken;
  private final BooleanSupplier interrupted;
  private int[] answer = new int[16];
  private int count;
  private long firstToken;
  private long lastToken;

  private Generation(
      Session session,
      Sampler sampler,
      Limits limits,
      IntConsumer onToken,
      BooleanSupplier interrupted) {
    this.session = session;
    this.sampler = sampler;
    this.limits = limits;
    drawing =
        Drawing.of(
            session, sampler, Math.min(limits.drawable(), session.engine().config().vocab()));
    this.onToken = onToken;
    this.interrupted = interrupted;
  }

  /** Why an answer ended. */
  public enum Stop {
    END_OF_TEXT,
    LIMIT,
    CONTEXT_FULL,
    INTERRUPTED
  }

  /**
   * @param promptNanos from the start of the prompt to the first token's choice
   * @param generationNanos from there to the last token's choice
   */
  public record Stats(
      int promptTokens, long promptNanos, int generatedTokens, long generationNanos) {}

  /**
   * @param tokens the answer, with the token that ended it
   */
  public record Result(Stop stop, Stats stats, int[] tokens) {}

  /**
   * @param drawable ids from this on are padding of the output projection and never chosen
   * @param stopIds tokens that end the answer; they are not shown to {@code onToken}
   * @param tokens most tokens of the answer; negative for as many as the context holds
   */
  public record Limits(int drawable, Set<Integer> stopIds, int tokens) {}

  /**
   * @param prompt tokens not yet in the session, at least one
   * @param onToken hears each token as it is chosen
   * @param interrupted asked between two tokens, after the first of them was shown
   */
  public static Result run(
      Session session,
      int[] prompt,
      Sampler sampler,
      Limits limits,
      IntConsumer onToken,
      BooleanSupplier interrupted) {
    return new Generation(session, sampler, limits, onToken, interrupted).run(prompt);
  }

  private Result run(int[] prompt) {
    long start = System.nanoTime();
    boolean read;
    Stop stop;
    try (drawing) {
      read = read(prompt);
      stop = read ? answer() : Stop.INTERRUPTED;
    }
    long first = count == 0 ? System.nanoTime() : firstToken;
    int tokens = read ? prompt.length : 0;
    Stats stats = new Stats(tokens, first - start, count, count == 0 ? 0 : lastToken - first);
    return new Result(stop, stats, Arrays.copyOf(answer, count));
  }

  /** False where it was interrupted. */
  private boolean read(int[] prompt) {
    try {
      drawing.read(prompt, interrupted);
    } catch (Refusal refusal) {
      if (refusal.reason() != Refusal.Reason.INTERRUPTED) {
        throw refusal;
      }
      return false;
    }
    for (int id : prompt) {
      sampler.accept(id);
    }
    return true;
  }

  private Stop answer() {
    while (count != limits.tokens()) {
      int token = drawing.next(count + 1 != limits.tokens());
      sampler.accept(token);
      remember(token);
      if (limits.stopIds().contains(token)) {
        return Stop.END_OF_TEXT;
      }
      onToken.accept(token);
      if (count == limits.tokens()) {
        return Stop.LIMIT;
      }
      if (session.length() == session.engine().context()) {
        return Stop.CONTEXT_FULL;
      }
      if (interrupted.getAsBoolean()) {
        return Stop.INTERRUPTED;
      }
      drawing.append(token);
    }
    return Stop.LIMIT;
  }

  private void remember(int token) {
    lastToken = System.nanoTime();
    if (count == 0) {
      firstToken = lastToken;
    }
    if (count == answer.length) {
      answer = Arrays.copyOf(answer, 2 * count);
    }
    answer[count++] = token;
  }
}

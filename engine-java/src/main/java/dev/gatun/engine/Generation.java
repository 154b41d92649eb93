// Generation: the loop that turns a prompt into an answer, token by token.
package dev.gatun.engine;

import dev.gatun.refusal.Refusal;
import dev.gatun.sample.Sampler;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.IntConsumer;

/** One answer: reads the prompt, then samples until something stops it. */
public final class Generation {
  private final Session session;
  private final Sampler sampler;
  private final Limits limits;
  private final IntConsumer onToken;
  private final BooleanSupplier interrupted;
  private int[] answer = new int[16];
  private int count;
  private long firstToken;

  private Generation(
      Session session,
      Sampler sampler,
      Limits limits,
      IntConsumer onToken,
      BooleanSupplier interrupted) {
    this.session = session;
    this.sampler = sampler;
    this.limits = limits;
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
   * @param firstTokenNanos from the start of the prompt to the first token's choice
   * @param generationNanos from there to the last token's choice
   */
  public record Stats(
      int promptTokens,
      long promptNanos,
      int generatedTokens,
      long generationNanos,
      long firstTokenNanos) {}

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
    MemorySegment logits;
    try {
      logits = session.append(prompt, interrupted);
    } catch (Refusal refusal) {
      if (refusal.reason() != Refusal.Reason.INTERRUPTED) {
        throw refusal;
      }
      long spent = System.nanoTime() - start;
      return new Result(Stop.INTERRUPTED, new Stats(0, spent, 0, 0, spent), new int[0]);
    }
    for (int id : prompt) {
      sampler.accept(id);
    }
    long read = System.nanoTime();
    Stop stop = answer(logits);
    long end = System.nanoTime();
    long first = count == 0 ? end : firstToken;
    Stats stats = new Stats(prompt.length, read - start, count, end - first, first - start);
    return new Result(stop, stats, Arrays.copyOf(answer, count));
  }

  private Stop answer(MemorySegment promptLogits) {
    MemorySegment logits = promptLogits;
    int drawable = Math.min(limits.drawable(), session.engine().config().vocab());
    while (limits.tokens() < 0 || count < limits.tokens()) {
      int token = sampler.sample(logits, drawable);
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
      logits = session.append(token);
    }
    return Stop.LIMIT;
  }

  private void remember(int token) {
    if (count == 0) {
      firstToken = System.nanoTime();
    }
    if (count == answer.length) {
      answer = Arrays.copyOf(answer, 2 * count);
    }
    answer[count++] = token;
  }
}

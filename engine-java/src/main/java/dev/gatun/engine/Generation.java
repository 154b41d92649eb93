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
  private Generation() {}

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
   * @param prompt tokens not yet in the session, at least one
   * @param stopIds tokens that end the answer; they are not shown to {@code onToken}
   * @param limit most tokens of the answer; negative for as many as the context holds
   * @param onToken hears each token as it is chosen
   * @param interrupted asked between two tokens, after the first of them was shown
   */
  public static Result run(
      Session session,
      int[] prompt,
      Sampler sampler,
      Set<Integer> stopIds,
      int limit,
      IntConsumer onToken,
      BooleanSupplier interrupted) {
    return new Loop(session, sampler, stopIds, limit, onToken, interrupted).run(prompt);
  }

  private record Loop(
      Session session,
      Sampler sampler,
      Set<Integer> stopIds,
      int limit,
      IntConsumer onToken,
      BooleanSupplier interrupted) {

    Result run(int[] prompt) {
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
      int[] answer = new int[16];
      int count = 0;
      long first = read;
      Stop stop = limit == 0 ? Stop.LIMIT : null;
      while (stop == null) {
        int token = sampler.sample(logits, session.engine().config().vocab());
        sampler.accept(token);
        if (count == 0) {
          first = System.nanoTime();
        }
        if (count == answer.length) {
          answer = Arrays.copyOf(answer, 2 * count);
        }
        answer[count++] = token;
        stop = stopAfter(token, count);
        if (stop != Stop.END_OF_TEXT) {
          onToken.accept(token);
        }
        if (stop == null && interrupted.getAsBoolean()) {
          stop = Stop.INTERRUPTED;
        }
        if (stop == null) {
          logits = session.append(token);
        }
      }
      long end = System.nanoTime();
      Stats stats = new Stats(prompt.length, read - start, count, end - first, first - start);
      return new Result(stop, stats, Arrays.copyOf(answer, count));
    }

    private Stop stopAfter(int token, int count) {
      if (stopIds.contains(token)) {
        return Stop.END_OF_TEXT;
      }
      if (limit >= 0 && count >= limit) {
        return Stop.LIMIT;
      }
      return session.length() == session.engine().context() ? Stop.CONTEXT_FULL : null;
    }
  }
}

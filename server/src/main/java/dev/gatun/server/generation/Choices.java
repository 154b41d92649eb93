// Choices: makes the answers of one request at once, each on a thread of its own.
package dev.gatun.server.generation;

import dev.gatun.chat.Answer;
import dev.gatun.chat.Cancellation;
import dev.gatun.chat.ChatOptions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.function.BiFunction;

public final class Choices {
  private Choices() {}

  /**
   * The answers, by index; where one fails the others are cancelled and its failure is thrown.
   *
   * @param ask makes one answer: its index and options
   */
  public static List<Answer> all(
      int count,
      ChatOptions options,
      Cancellation cancellation,
      BiFunction<Integer, ChatOptions, Answer> ask) {
    ChatOptions cancellable = options.withCancellation(cancellation);
    if (count == 1) {
      return List.of(ask.apply(0, cancellable));
    }
    List<FutureTask<Answer>> tasks = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      int index = i;
      // Answers that all had the request's seed would be the same.
      ChatOptions own =
          cancellable.withSampling(
              drawn -> drawn.seed() < 0 ? drawn : drawn.withSeed(seed(drawn.seed(), index)));
      FutureTask<Answer> task = new FutureTask<>(() -> ask.apply(index, own));
      tasks.add(task);
      Thread.ofVirtual().name("gatun-choice-" + i).start(task);
    }
    return joined(tasks, cancellation);
  }

  private static long seed(long first, int index) {
    return (first + index) & Long.MAX_VALUE;
  }

  private static List<Answer> joined(List<FutureTask<Answer>> tasks, Cancellation cancellation) {
    List<Answer> answers = new ArrayList<>();
    Throwable failure = null;
    for (FutureTask<Answer> task : tasks) {
      try {
        answers.add(task.get());
      } catch (ExecutionException e) {
        failure = failure == null ? e.getCause() : failure;
        cancellation.cancel();
      } catch (InterruptedException e) {
        cancellation.cancel();
        Thread.currentThread().interrupt();
        failure = failure == null ? e : failure;
      }
    }
    return switch (failure) {
      case null -> answers;
      case RuntimeException e -> throw e;
      case Error e -> throw e;
      default -> throw new IllegalStateException(failure);
    };
  }
}

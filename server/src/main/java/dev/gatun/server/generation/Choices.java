// Choices: makes the answers of one request at once, each on a thread of its own.
package dev.gatun.server.generation;

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
   * @param each answers a prompt: they draw by seeds that follow each other, from the request's on
   * @param ask makes one answer: its index and options
   */
  public static <T> List<T> all(
      int count,
      int each,
      ChatOptions options,
      Cancellation cancellation,
      BiFunction<Integer, ChatOptions, T> ask) {
    ChatOptions cancellable = options.withCancellation(cancellation);
    if (count == 1) {
      return List.of(ask.apply(0, cancellable));
    }
    List<FutureTask<T>> tasks = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      int index = i;
      // Answers that all had the request's seed would be the same.
      ChatOptions own =
          cancellable.withSampling(
              drawn -> drawn.seed() < 0 ? drawn : drawn.withSeed(seed(drawn.seed(), index % each)));
      FutureTask<T> task = new FutureTask<>(() -> ask.apply(index, own));
      tasks.add(task);
      Thread.ofVirtual().name("gatun-choice-" + i).start(task);
    }
    return joined(tasks, cancellation);
  }

  private static long seed(long first, int index) {
    return (first + index) & Long.MAX_VALUE;
  }

  private static <T> List<T> joined(List<FutureTask<T>> tasks, Cancellation cancellation) {
    List<T> answers = new ArrayList<>();
    Throwable failure = null;
    for (FutureTask<T> task : tasks) {
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

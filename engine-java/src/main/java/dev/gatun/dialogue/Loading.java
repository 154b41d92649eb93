// Loading: loads the engine on a thread of its own while the prompt is prepared on this one.
package dev.gatun.dialogue;

import dev.gatun.engine.Engine;
import dev.gatun.load.EngineOptions;
import dev.gatun.refusal.Refusal;
import dev.gatun.weights.Checkpoint;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.function.LongConsumer;

/**
 * Owns the engine: closing waits for the load and closes what it gave, so the checkpoint may be
 * closed after.
 */
public final class Loading implements AutoCloseable {
  private final FutureTask<Engine> task;

  private Loading(FutureTask<Engine> task) {
    this.task = task;
  }

  public static Loading start(Checkpoint checkpoint, EngineOptions options) {
    return start(checkpoint, options, bytes -> {});
  }

  /**
   * @param progress hears, on the loading thread, how many bytes of the weights are on the device
   */
  public static Loading start(Checkpoint checkpoint, EngineOptions options, LongConsumer progress) {
    FutureTask<Engine> task = new FutureTask<>(() -> Engine.load(checkpoint, options, progress));
    Thread.ofPlatform().name("loading").daemon().start(task);
    return new Loading(task);
  }

  /** The engine, as soon as it is there; the loader's own failure where it failed. */
  public Engine engine() {
    try {
      return task.get();
    } catch (ExecutionException e) {
      throw switch (e.getCause()) {
        case RuntimeException failure -> failure;
        case Error error -> throw error;
        case Throwable other -> new IllegalStateException(other);
      };
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw Refusal.interrupted("interrupted while loading");
    }
  }

  @Override
  public void close() {
    try {
      task.get().close();
    } catch (ExecutionException e) {
      // Nothing was loaded; whoever asked for the engine was told.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}

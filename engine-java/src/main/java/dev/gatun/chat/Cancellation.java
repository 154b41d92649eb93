// Cancellation: ends answers that are under way.
package dev.gatun.chat;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * One may serve any number of calls, such as all answers of one request; once cancelled it stays
 * so. A call that it ends returns what had come, with {@link FinishReason#CANCELLED}. For any
 * threads. Interrupting a caller's thread does the same to that call alone.
 */
public final class Cancellation {
  private static final Cancellation NEVER = new Cancellation();

  private final Set<Runnable> actions = new LinkedHashSet<>();
  private boolean cancelled;

  /** Keeps an action until it is closed. */
  public interface Registration extends AutoCloseable {
    @Override
    void close();
  }

  /** One that is not cancelled yet. */
  public Cancellation() {}

  /** One that nobody can cancel. */
  public static Cancellation never() {
    return NEVER;
  }

  /** Ends the answers at their next steps; does not wait for that. */
  public void cancel() {
    if (this == NEVER) {
      throw new IllegalStateException("Cancellation.never() is everybody's; make a new one");
    }
    List<Runnable> due;
    synchronized (this) {
      cancelled = true;
      due = new ArrayList<>(actions);
      actions.clear();
    }
    due.forEach(Runnable::run);
  }

  public synchronized boolean isCancelled() {
    return cancelled;
  }

  /**
   * Has {@code action} run once by whoever cancels, or at once where that was before.
   *
   * @param action quick, from any thread; an object of its own for each call
   */
  public Registration onCancel(Runnable action) {
    if (this == NEVER) {
      return () -> {};
    }
    synchronized (this) {
      if (!cancelled) {
        actions.add(action);
        return () -> forget(action);
      }
    }
    action.run();
    return () -> {};
  }

  private synchronized void forget(Runnable action) {
    actions.remove(action);
  }
}

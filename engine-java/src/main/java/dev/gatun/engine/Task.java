// Task: what a session asks of the engine's thread: tokens to run, and what follows from them.
package dev.gatun.engine;

import dev.gatun.step.Batch;
import dev.gatun.step.StepInFlight;
import java.lang.foreign.MemorySegment;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiConsumer;

/**
 * One of a sequence at a time. Everything but {@link #cancel} and {@link #join} is called by the
 * engine's thread alone.
 */
abstract sealed class Task permits Forward, Answer, Reread {
  private final Sequence sequence;
  private final CompletableFuture<Void> ended = new CompletableFuture<>();
  private volatile boolean cancelled;
  private volatile boolean keepsPlace;
  private long arrival;
  private boolean begun;
  private int reread;

  Task(Sequence sequence) {
    this.sequence = sequence;
  }

  Sequence sequence() {
    return sequence;
  }

  /** Its place in the order of arrival: tasks with lower numbers go before it. */
  long arrival() {
    return arrival;
  }

  final void arrivedAs(long number) {
    arrival = number;
  }

  /** Asks for an end at the next step; from any thread. */
  final void cancel() {
    cancelled = true;
  }

  /** As {@link #cancel}, of one whose sequence goes on with another task soon; from any thread. */
  final void pause() {
    keepsPlace = true;
    cancelled = true;
  }

  boolean isCancelled() {
    return cancelled;
  }

  /**
   * Whether the place that it leaves is its sequence's, until that has another task or gives up.
   */
  boolean keepsPlace() {
    return keepsPlace;
  }

  /** Waits until the sequence is the session's again; from any thread, interrupted or not. */
  final void join() {
    ended.join();
  }

  /** All tokens of the sequence are in the cache: it begins, or goes on after it was preempted. */
  final void admit() {
    if (!begun) {
      begun = true;
      begin();
    }
  }

  /** Called once, before anything is asked. */
  void begin() {}

  /** So many tokens of the sequence will be run again before it, or before it goes on. */
  final void rereads(int tokens) {
    reread = begun ? reread : tokens;
  }

  /** Tokens that were run again before it began: they had been in the cache before. */
  final int reread() {
    return reread;
  }

  /** Tokens that it will run, as far as they are known before it begins and other's pages help. */
  int[] ahead() {
    return new int[0];
  }

  /** Tokens that a step may take now; 0 while a step must be done first. */
  abstract int ready();

  /** Whether it draws a token a step, as opposed to reading a prompt. */
  abstract boolean isDecoding();

  /** Whether every token's logits are wanted, and not only the last one's. */
  abstract boolean wantsAllRows();

  /** Whether it is admitted before those that wait already. */
  boolean goesFirst() {
    return false;
  }

  /** The next {@code count} of the tokens that are ready; they are issued with it. */
  abstract Batch.Part issue(int count);

  /**
   * Hears where the step leaves the logits of what was issued last.
   *
   * @param row of the step's logits
   */
  void issuedAt(int row) {}

  /** Whether the host needs the logits of what was issued last. */
  abstract boolean wantsLogits();

  /**
   * What may be drawn for what was issued last, where that is masked; once all before it is
   * finished.
   *
   * @return as {@link dev.gatun.sample.TokenMask#allowed}
   */
  MemorySegment allowed() {
    throw new IllegalStateException("nothing is masked");
  }

  /**
   * Takes what a step gave.
   *
   * @param row of the step's logits at which those of the part begin
   */
  abstract void finish(Batch.Part part, StepInFlight step, int row);

  /** Whether it came to its end in {@link #finish}. */
  abstract boolean isDone();

  /** Ends it as {@link #isDone} says, or early where {@link #cancel} asked for it. */
  final void end() {
    sequence.settle();
    tell();
    ended.complete(null);
  }

  /** Ends it by what went wrong. */
  final void fail(Throwable cause) {
    sequence.settle();
    tell(cause);
    ended.complete(null);
  }

  /** Tells the session that it ended, done or cancelled. */
  abstract void tell();

  /** Tells the session what went wrong. */
  abstract void tell(Throwable cause);

  /** Whether its steps have no other task, and take all that is ready. */
  boolean isAlone() {
    return observer().isPresent();
  }

  /** Who is shown what the ops of a step compute. */
  Optional<BiConsumer<String, MemorySegment>> observer() {
    return Optional.empty();
  }

  /** What went wrong on the engine's thread, to be thrown on the session's. */
  static RuntimeException rethrown(Throwable cause) {
    if (cause instanceof Error error) {
      throw error;
    }
    return cause instanceof RuntimeException e ? e : new IllegalStateException(cause);
  }
}

// Scheduler: the thread that owns the device and decides who runs next.
package dev.gatun.engine;

import dev.gatun.engine.StepParts.TaskPart;
import dev.gatun.refusal.Refusal;
import dev.gatun.step.Batch;
import dev.gatun.step.StepInFlight;
import dev.gatun.step.Stepper;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.Supplier;

/**
 * Sessions of any threads hand it tasks; it runs what they have ready in steps of several sequences
 * each (continuous batching: a sequence joins and leaves between any two steps). A task that fails
 * or is cancelled leaves alone.
 */
final class Scheduler implements AutoCloseable {
  private final Stepper stepper;
  private final StepPolicy policy;
  private final boolean runsAhead;
  private final Thread thread;

  /** Tasks that the thread has not seen yet; guarded by this, as is {@link #closed}. */
  private final Deque<Task> arrivals = new ArrayDeque<>();

  /** Why tasks are refused; null while they are not. */
  private Throwable closed;

  // The thread's own.
  private final Roster roster;
  private Optional<Running> running = Optional.empty();

  /**
   * A step that was issued and not looked at yet.
   *
   * @param letsNextStepBegin whether what it gives stays on the device, so that the next step may
   *     be issued first
   * @param recorded ends its record
   */
  private record Running(
      StepInFlight step,
      Batch batch,
      List<TaskPart> taken,
      boolean letsNextStepBegin,
      Runnable recorded) {}

  /**
   * @param runsAhead whether a step may be issued before the one before it is done
   * @param idle where sequences are between their tasks
   * @param places where they have their pages
   */
  Scheduler(
      Stepper stepper, StepPolicy policy, boolean runsAhead, IdleSequences idle, Places places) {
    this.stepper = stepper;
    this.policy = policy;
    this.runsAhead = runsAhead;
    roster = new Roster(policy.most().sequences(), idle, places);
    thread = Thread.ofPlatform().daemon().name("gatun-engine").start(this::run);
  }

  /** Hands over a task, and with it its sequence until the task ends; from any thread. */
  void submit(Task task) {
    synchronized (this) {
      if (closed == null) {
        arrivals.add(task);
        notifyAll();
        return;
      }
    }
    task.fail(closed);
  }

  /** As {@link Roster#giveUpPlace}. */
  synchronized void giveUpPlace(Sequence sequence) {
    if (roster.giveUpPlace(sequence)) {
      notifyAll();
    }
  }

  /** From any thread. */
  synchronized TaskCounts counts() {
    TaskCounts known = roster.counts();
    return new TaskCounts(known.running(), known.waiting() + arrivals.size());
  }

  /** Ends every task at the next step; returns when nothing runs any more. From any thread. */
  @Override
  public void close() {
    refuse(new IllegalStateException("the engine is closed"));
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private synchronized void refuse(Throwable reason) {
    closed = closed == null ? reason : closed;
    notifyAll();
  }

  private void run() {
    try {
      while (goesOn()) {
        advance();
      }
      running.ifPresent(this::finish);
      stepper.settle();
    } catch (Throwable e) {
      // After a fault of the device, or of this class, no result can be trusted.
      refuse(stepper.fail(e));
    }
    end();
  }

  /** Waits until there is something to do; false when the engine is closed. */
  private synchronized boolean goesOn() throws InterruptedException {
    while (closed == null && arrivals.isEmpty() && running.isEmpty() && roster.isIdle()) {
      wait();
    }
    takeArrivals();
    return closed == null;
  }

  private synchronized void takeArrivals() {
    arrivals.forEach(roster::add);
    arrivals.clear();
  }

  /** Fails the tasks that are here; later ones are refused when they come. */
  private void end() {
    takeArrivals();
    roster.failAll(closed);
  }

  /**
   * One step: admits tasks, issues what they have ready, looks at the step before, from whose
   * tokens follow the masks that this step's draws may wait for.
   */
  private void advance() {
    roster.update();
    StepParts parts = StepParts.of(roster, policy);
    List<TaskPart> taken = parts.taken();
    if (running.isEmpty()) {
      parts.full().forEach(this::relieve);
    }
    if (taken.isEmpty()) {
      finishRunning();
      return;
    }
    Optional<Running> next = orFail(taken, () -> issue(taken));
    finishRunning();
    running = next.flatMap(step -> orFail(taken, () -> draw(step)));
    if (running.isPresent() && !running.get().letsNextStepBegin) {
      finishRunning();
    }
  }

  /** Nobody of a rank can go on: one makes room for the others, or is refused. */
  private void relieve(int rank) {
    roster
        .preempt(rank)
        .ifPresent(
            task ->
                roster.fail(
                    task,
                    Refusal.doesNotFit(
                        "the cache is full",
                        "close another session or load with a larger context (-c)")));
  }

  /**
   * A step that the CPU refuses has left nothing behind: its tasks fail and the others go on. A
   * fault of a GPU may be of any step before, so it ends them all.
   */
  private Optional<Running> orFail(List<TaskPart> taken, Supplier<Running> step) {
    try {
      return Optional.of(step.get());
    } catch (RuntimeException e) {
      if (runsAhead || stepper.isShared()) {
        throw e;
      }
      for (TaskPart each : taken) {
        if (roster.active().contains(each.task())) {
          roster.fail(each.task(), e);
        }
      }
      return Optional.empty();
    }
  }

  private Running issue(List<TaskPart> taken) {
    List<Batch.Part> parts = new ArrayList<>(taken.size());
    boolean wantsLogits = false;
    for (TaskPart each : taken) {
      parts.add(each.part());
      wantsLogits |= each.task().wantsLogits();
    }
    Batch batch = new Batch(parts);
    Runnable recorded = FlightRecord.begin(batch);
    Optional<BiConsumer<String, MemorySegment>> observer = taken.getFirst().task().observer();
    StepInFlight step =
        observer.isPresent()
            ? stepper.issue(batch, observer.get())
            : stepper.issue(batch, wantsLogits);
    for (TaskPart each : taken) {
      each.task().issuedAt(batch.firstLogitRow(each.part()));
    }
    return new Running(step, batch, taken, runsAhead && !wantsLogits, recorded);
  }

  /** Issues the draws of a step that waits for masks. */
  private Running draw(Running step) {
    if (step.batch.isMasked()) {
      for (TaskPart each : step.taken) {
        // One that ended meanwhile may have closed its mask.
        if (each.part().isMasked() && roster.active().contains(each.task())) {
          mask(each, step.batch);
        }
      }
      stepper.draw(step.step, step.batch);
    }
    return step;
  }

  /** A mask that cannot be worked out ends its own answer. */
  private void mask(TaskPart each, Batch batch) {
    try {
      stepper.mask(batch, each.part(), each.task().allowed());
    } catch (RuntimeException e) {
      roster.fail(each.task(), e);
    }
  }

  private void finishRunning() {
    Optional<Running> done = running;
    running = Optional.empty();
    done.ifPresent(this::finish);
  }

  private void finish(Running done) {
    done.step.await();
    done.recorded.run();
    for (TaskPart each : done.taken) {
      // One that ended meanwhile has its sequence back.
      if (roster.active().contains(each.task())) {
        finish(each, done);
      }
    }
  }

  private void finish(TaskPart each, Running done) {
    Task task = each.task();
    try {
      task.finish(each.part(), done.step, done.batch.firstLogitRow(each.part()));
    } catch (RuntimeException e) {
      roster.fail(task, e);
      return;
    }
    if (task.isDone()) {
      roster.finish(task);
    }
  }
}

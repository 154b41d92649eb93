// Session: one sequence of tokens and its cache.
package dev.gatun.engine;

import dev.gatun.kv.PageTable;
import dev.gatun.refusal.Refusal;
import dev.gatun.sample.Sampler;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BiConsumer;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * A sequence of tokens that can be extended or cut. Sessions of one engine may be used by any
 * threads at once: as many as {@code Batching.sequences} run together, others wait in order of
 * arrival. Of one session, one call runs at a time and others wait for it.
 *
 * <p>A session that runs nothing keeps its tokens, but not its part of the cache where others need
 * it: that is brought back or computed again before the next tokens run. After {@link #close} every
 * method but it throws IllegalStateException; after the engine's, those that run tokens.
 */
public final class Session implements AutoCloseable {
  private final Engine engine;
  private final Sequence sequence;
  private final ReentrantLock lock = new ReentrantLock();
  private volatile Task current;
  private volatile boolean closed;

  Session(Engine engine, PageTable pages) {
    this.engine = engine;
    sequence = new Sequence(pages, engine.options().batching().sharesPrefixes(), engine.idle());
  }

  public Engine engine() {
    return engine;
  }

  /** Its tokens. */
  public int length() {
    return locked(sequence::length);
  }

  /** The tokens, a copy. */
  public int[] tokens() {
    return locked(sequence::tokens);
  }

  /** Runs at least one token; returns the last one's logits, (vocab) float32, a copy. */
  public MemorySegment append(int... ids) {
    return append(ids, () -> false);
  }

  /**
   * As {@link #append(int...)}.
   *
   * @param interrupted asked on this thread while the tokens run; where it tells true the call ends
   *     with Refusal.interrupted, and the session keeps the tokens whose steps were done
   */
  public MemorySegment append(int[] ids, BooleanSupplier interrupted) {
    return locked(
        () -> {
          check(ids);
          return forward(new Forward(sequence, ids.clone(), false, vocab()), interrupted);
        });
  }

  /**
   * Runs tokens and hands over every row of their logits, (rows, vocab) float32, some rows at a
   * time.
   *
   * @param rows called on this thread; what it is given is a copy
   */
  public void logits(int[] ids, Consumer<MemorySegment> rows) {
    logits(ids, rows, () -> false);
  }

  /**
   * As {@link #logits(int[], Consumer)}.
   *
   * @param interrupted as of {@link #append(int[], BooleanSupplier)}
   */
  public void logits(int[] ids, Consumer<MemorySegment> rows, BooleanSupplier interrupted) {
    locked(
        () -> {
          check(ids);
          for (int from = 0; from < ids.length; from += mostRows()) {
            int[] some = Arrays.copyOfRange(ids, from, Math.min(from + mostRows(), ids.length));
            rows.accept(forward(new Forward(sequence, some, true, vocab()), interrupted));
          }
          return null;
        });
  }

  /**
   * Runs all tokens but the last, and hands over for each of them the logits of its layer of
   * multi-token prediction: of the token behind the one that follows. Rows are handed over as by
   * {@link #logits}. The session must be empty, since the layer reads what it computed of all
   * tokens before; it then holds the tokens that were run.
   *
   * @param ids at least two
   */
  public void mtpLogits(int[] ids, Consumer<MemorySegment> rows) {
    locked(
        () -> {
          check(ids);
          if (!engine.config().mtp()) {
            throw Refusal.usage(
                "the model was loaded without its layer of multi-token prediction",
                "open it with that layer (Checkpoint.open)");
          }
          if (ids.length < 2 || sequence.length() > 0) {
            throw Refusal.usage(
                ids.length + " tokens behind " + sequence.length() + " in the session",
                "give two or more to an empty session");
          }
          sequence.pin(true);
          try {
            for (int from = 0; from < ids.length - 1; from += mostRows()) {
              int to = Math.min(from + mostRows(), ids.length - 1);
              int[] some = Arrays.copyOfRange(ids, from, to);
              int[] next = Arrays.copyOfRange(ids, from + 1, to + 1);
              rows.accept(forward(new MtpForward(sequence, some, next, vocab()), () -> false));
            }
          } finally {
            sequence.pin(false);
          }
          return null;
        });
  }

  /**
   * Runs tokens in one step and shows every marked tensor of the graph, (tokens, hidden) float32,
   * and the logits, (tokens, vocab).
   *
   * @param ids at most as many as the engine computes rows of logits
   * @param observer called on this thread; what it is given is a copy
   */
  public void observe(int[] ids, BiConsumer<String, MemorySegment> observer) {
    locked(
        () -> {
          check(ids);
          if (ids.length > mostRows()) {
            throw Refusal.usage(
                ids.length
                    + " tokens to observe, the engine computes this many rows: "
                    + mostRows(),
                "load it with as many (EngineOptions.withLogitRows)");
          }
          Observation task = new Observation(sequence, ids.clone(), vocab());
          MemorySegment logits = forward(task, () -> false);
          task.marks().forEach(observer);
          observer.accept("logits", logits);
          return null;
        });
  }

  /**
   * Forgets every token from {@code newLength} on; does nothing where there are no more, and
   * forgets all where it is negative. Where that is the middle of a page that another session reads
   * too, the tokens before it in that page are forgotten as well.
   *
   * @return the tokens that are left
   */
  public int truncate(int newLength) {
    return locked(
        () -> {
          sequence.cut(Math.max(0, newLength));
          return sequence.length();
        });
  }

  /**
   * Ends what runs at the next step, and gives the cache's pages back. From any thread; may be
   * called twice, and from within a call of this session, which then ends soon.
   */
  @Override
  public void close() {
    closed = true;
    Task task = current;
    if (task != null) {
      task.cancel();
    }
    if (!lock.isHeldByCurrentThread()) {
      lock.lock();
      release();
    }
  }

  /**
   * Lets others have the place in the steps that an answer which was paused has kept ({@link
   * Generation.Next#PAUSE}); does nothing where there is none. So does {@link #close}.
   */
  public void giveUpPlace() {
    engine.scheduler().giveUpPlace(sequence);
  }

  /** Whether {@link #close} was called; from any thread. */
  public boolean isClosed() {
    return closed;
  }

  /** Runs a call while no other runs. */
  <T> T locked(Supplier<T> call) {
    if (lock.isHeldByCurrentThread()) {
      throw new IllegalStateException("a call of this thread is running in the session");
    }
    lock.lock();
    try {
      if (closed) {
        throw new IllegalStateException("the session is closed");
      }
      return call.get();
    } finally {
      release();
    }
  }

  private void release() {
    if (closed) {
      giveUpPlace();
      sequence.close();
    }
    lock.unlock();
  }

  /** Hands the sequence over to the engine's thread until the task ends, however it does. */
  <T extends Task, R> R run(T task, Function<T, R> meanwhile) {
    current = task;
    if (closed) { // by a thread that did not see the task
      task.cancel();
    }
    engine.scheduler().submit(task);
    try {
      return meanwhile.apply(task);
    } finally {
      task.cancel();
      task.join();
      current = null;
    }
  }

  private MemorySegment forward(Forward task, BooleanSupplier interrupted) {
    float[] logits =
        run(
            task,
            running ->
                running
                    .await(interrupted)
                    .orElseGet(
                        () -> {
                          running.cancel();
                          running.join();
                          return running.result();
                        }));
    return MemorySegment.ofArray(logits);
  }

  Answer newAnswer(int[] prompt, Sampler sampler, Generation.Limits limits, int topLogProbs) {
    int context = engine.longestSequence();
    boolean onDevice = engine.drawsOnDevice();
    return new Answer(
        sequence, prompt.clone(), sampler, limits, topLogProbs, context, vocab(), onDevice);
  }

  Sequence sequence() {
    return sequence;
  }

  private int mostRows() {
    return engine.options().stepBounds().logitRows();
  }

  private int vocab() {
    return engine.config().vocab();
  }

  /** Refuses what cannot be run. */
  void check(int[] ids) {
    if (ids.length == 0) {
      throw Refusal.usage("no tokens to run", "give a prompt of at least one token");
    }
    int longest = engine.longestSequence();
    if (sequence.length() + ids.length > longest) {
      throw Refusal.usage(
          sequence.length() + ids.length + " tokens, the context holds " + longest,
          "shorten the prompt or load with a larger context (-c)");
    }
    int vocab = vocab();
    for (int id : ids) {
      if (id < 0 || id >= vocab) {
        throw Refusal.usage(
            "token " + id + " is outside the vocabulary", "give ids from 0 to " + (vocab - 1));
      }
    }
  }
}

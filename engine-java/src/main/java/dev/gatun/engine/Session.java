// Session: one sequence of tokens and its cache.
package dev.gatun.engine;

import dev.gatun.device.Sampling;
import dev.gatun.kv.PageTable;
import dev.gatun.refusal.Refusal;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.function.BiConsumer;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/** A mutable timeline: tokens are appended or cut off. Used by one thread at a time. */
public final class Session implements AutoCloseable {
  private final Engine engine;
  private final PageTable pages;
  private int[] tokens = new int[64];
  private int length;

  Session(Engine engine, PageTable pages) {
    this.engine = engine;
    this.pages = pages;
  }

  public Engine engine() {
    return engine;
  }

  /** Tokens in the cache. */
  public int length() {
    return length;
  }

  public int[] tokens() {
    return Arrays.copyOf(tokens, length);
  }

  /**
   * Runs at least one token; returns the last one's logits, (vocab) float32, valid until the next
   * step.
   */
  public MemorySegment append(int... ids) {
    return append(ids, () -> false);
  }

  /**
   * As {@link #append(int...)}; Refusal.interrupted between two steps, nothing being appended of
   * the rest.
   */
  public MemorySegment append(int[] ids, BooleanSupplier interrupted) {
    return inSteps(
        ids, interrupted, (from, count) -> engine.run(ids, from, count, 1, length, pages));
  }

  /** As {@link #append}, and the device draws the token that follows; returns the last step. */
  Turn draw(int[] ids, Sampling sampling, BooleanSupplier interrupted) {
    return inSteps(
        ids, interrupted, (from, count) -> engine.draw(ids, from, count, length, pages, sampling));
  }

  /** Whether there is room for {@link #drawAhead}. */
  boolean canRunAhead() {
    return length < engine.context() && pages.hasRoom(length + 1);
  }

  /**
   * Issues the step of the token that was drawn last, which is not appended before {@link
   * #remember} says which one it is.
   */
  Turn drawAhead(Sampling sampling) {
    return engine.drawNext(length, pages, sampling);
  }

  /** Appends the token of the step that {@link #drawAhead} issued. */
  void remember(int token) {
    remember(new int[] {token}, 0, 1);
  }

  /** Waits for what is under way and forgets what was not appended. */
  void settle() {
    engine.settle();
    pages.resize(length);
  }

  private interface PartOfIds<T> {
    T run(int from, int count);
  }

  private <T> T inSteps(int[] ids, BooleanSupplier interrupted, PartOfIds<T> step) {
    check(ids);
    int most = engine.options().stepTokens();
    int from = 0;
    T last;
    do {
      if (interrupted.getAsBoolean()) {
        throw Refusal.interrupted("interrupted while reading the prompt");
      }
      int count = Math.min(most, ids.length - from);
      last = step.run(from, count);
      remember(ids, from, count);
      from += count;
    } while (from < ids.length);
    return last;
  }

  /**
   * Runs tokens and hands over every row of their logits, (rows, vocab) float32, some rows at a
   * time, each valid during the call.
   */
  public void logits(int[] ids, Consumer<MemorySegment> rows) {
    check(ids);
    int most = Math.min(engine.options().stepTokens(), engine.options().logitRows());
    for (int from = 0; from < ids.length; from += most) {
      int count = Math.min(most, ids.length - from);
      rows.accept(engine.run(ids, from, count, count, length, pages));
      remember(ids, from, count);
    }
  }

  /**
   * Runs tokens in one step and shows every marked tensor of the graph, (tokens, hidden) float32.
   */
  public void observe(int[] ids, BiConsumer<String, MemorySegment> observer) {
    check(ids);
    MemorySegment logits = engine.observe(ids, length, pages, observer);
    observer.accept("logits", logits);
    remember(ids, 0, ids.length);
  }

  /** Forgets every token from {@code newLength} on. */
  public void truncate(int newLength) {
    length = Math.min(newLength, length);
    pages.resize(length);
  }

  @Override
  public void close() {
    pages.close();
  }

  private void remember(int[] ids, int from, int count) {
    if (length + count > tokens.length) {
      tokens = Arrays.copyOf(tokens, Math.max(length + count, 2 * tokens.length));
    }
    System.arraycopy(ids, from, tokens, length, count);
    length += count;
  }

  private void check(int[] ids) {
    if (ids.length == 0) {
      throw Refusal.usage("no tokens to run", "give a prompt of at least one token");
    }
    if (length + ids.length > engine.context()) {
      throw Refusal.usage(
          length + ids.length + " tokens, the context holds " + engine.context(),
          "shorten the prompt or load with a larger context (-c)");
    }
    int vocab = engine.config().vocab();
    for (int id : ids) {
      if (id < 0 || id >= vocab) {
        throw Refusal.usage(
            "token " + id + " is outside the vocabulary", "give ids from 0 to " + (vocab - 1));
      }
    }
  }
}

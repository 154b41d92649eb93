// Forward: runs given tokens and hands over their logits.
package dev.gatun.engine;

import dev.gatun.refusal.Refusal;
import dev.gatun.step.Batch;
import dev.gatun.step.StepInFlight;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;

/** The result is (rows, vocab): the last token's logits, or those of all. */
sealed class Forward extends Task permits Observation, MtpForward {
  /** How often a caller is asked whether it still waits. */
  private static final long PATIENCE_MILLIS = 10;

  private final int[] ids;
  private final boolean allRows;
  private final int vocab;
  private final CompletableFuture<float[]> result = new CompletableFuture<>();
  private final float[] logits;
  private int issued;
  private int kept;

  /**
   * @param ids at least one, each in the vocabulary
   */
  Forward(Sequence sequence, int[] ids, boolean allRows, int vocab) {
    super(sequence);
    this.ids = ids;
    this.allRows = allRows;
    this.vocab = vocab;
    logits = new float[Math.multiplyExact(allRows ? ids.length : 1, vocab)];
  }

  /**
   * Waits for the logits; empty where it was interrupted first. The thread's own interruption
   * counts, and is left for the caller to see. Throws what went wrong.
   *
   * @param interrupted asked now and then
   */
  Optional<float[]> await(BooleanSupplier interrupted) {
    while (!interrupted.getAsBoolean()) {
      try {
        return Optional.of(result.get(PATIENCE_MILLIS, TimeUnit.MILLISECONDS));
      } catch (TimeoutException e) {
        // The caller is asked again.
      } catch (ExecutionException e) {
        throw rethrown(e.getCause());
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        break;
      }
    }
    return Optional.empty();
  }

  /** The logits of a task that has ended; throws what went wrong. */
  float[] result() {
    if (result.isCompletedExceptionally()) {
      throw rethrown(result.exceptionNow());
    }
    return result.resultNow();
  }

  @Override
  void begin() {
    if (!allRows) {
      issued = sequence().share(ids);
      kept = issued;
    }
  }

  @Override
  int[] ahead() {
    return ids;
  }

  @Override
  int ready() {
    return ids.length - issued;
  }

  @Override
  boolean isDecoding() {
    return false;
  }

  @Override
  boolean wantsAllRows() {
    return allRows;
  }

  @Override
  Batch.Part issue(int count) {
    int position = sequence().position();
    sequence().issue(count);
    int[] some = Arrays.copyOfRange(ids, issued, issued + count);
    int[] next = next(issued, count);
    issued += count;
    int rows = allRows ? count : ready() == 0 ? 1 : 0;
    return new Batch.Part(some, next, position, sequence().pages(), rows, Optional.empty());
  }

  /**
   * The tokens that follow {@code count} of them, where the logits are those of multi-token
   * prediction; else none.
   */
  int[] next(int first, int count) {
    return new int[0];
  }

  @Override
  boolean wantsLogits() {
    return allRows || ready() == 0;
  }

  @Override
  void finish(Batch.Part part, StepInFlight step, int row) {
    if (part.logitRows() > 0) {
      MemorySegment rows = step.logits(row, part.logitRows(), vocab);
      int at = allRows ? kept * vocab : 0;
      MemorySegment.copy(rows, ValueLayout.JAVA_FLOAT, 0, logits, at, part.logitRows() * vocab);
    }
    sequence().keep(ids, kept, part.ids().length);
    kept += part.ids().length;
  }

  @Override
  boolean isDone() {
    return kept == ids.length;
  }

  @Override
  void tell() {
    if (isDone()) {
      result.complete(logits);
    } else {
      tell(Refusal.interrupted("interrupted while reading the prompt"));
    }
  }

  @Override
  void tell(Throwable cause) {
    result.completeExceptionally(cause);
  }
}

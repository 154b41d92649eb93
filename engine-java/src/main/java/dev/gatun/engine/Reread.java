// Reread: runs tokens of a sequence that was parked again, before the task that needs them.
package dev.gatun.engine;

import dev.gatun.step.Batch;
import dev.gatun.step.StepInFlight;
import java.util.Arrays;
import java.util.Optional;

/** Stands in the place of that task until the sequence is in the cache again; ends as it does. */
final class Reread extends Task {
  private final Task next;
  private final int[] ids;
  private int issued;
  private int kept;

  /**
   * @param ids what {@link Sequence#restore} has told, at least one
   */
  Reread(Task next, int[] ids) {
    super(next.sequence());
    this.next = next;
    this.ids = ids;
  }

  /** The task that comes after it. */
  Task next() {
    return next;
  }

  @Override
  long arrival() {
    return next.arrival();
  }

  @Override
  boolean isCancelled() {
    return next.isCancelled();
  }

  @Override
  boolean keepsPlace() {
    return next.keepsPlace();
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
    return false;
  }

  @Override
  Batch.Part issue(int count) {
    int position = sequence().position();
    sequence().issue(count);
    int[] some = Arrays.copyOfRange(ids, issued, issued + count);
    issued += count;
    return new Batch.Part(some, position, sequence().pages(), 0, Optional.empty());
  }

  @Override
  boolean wantsLogits() {
    return false;
  }

  @Override
  void finish(Batch.Part part, StepInFlight step, int row) {
    sequence().keep(ids, kept, part.ids().length);
    kept += part.ids().length;
  }

  @Override
  boolean isDone() {
    return kept == ids.length;
  }

  @Override
  void tell() {
    next.end();
  }

  @Override
  void tell(Throwable cause) {
    next.fail(cause);
  }
}

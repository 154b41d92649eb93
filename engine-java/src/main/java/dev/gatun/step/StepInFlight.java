// StepInFlight: a step that was issued: its inputs on the host, when it is done, what it gives.
package dev.gatun.step;

import dev.gatun.device.Buffer;
import dev.gatun.device.Device;
import dev.gatun.device.HostView;
import dev.gatun.device.Mark;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Two of them alternate, so that one can be filled while the device still copies from the other.
 * The device's inputs are one buffer for both: its copies and steps are in order.
 */
public final class StepInFlight {
  private final Device device;
  private final InputRows rows;
  private final Buffer inputs;
  private final Buffer drawn;
  private final HostView drawnView;
  private final HostView logitsView;
  private final Mark begin;
  private final Mark end;
  private Buffer logits = Buffer.NONE;
  private boolean inFlight;
  private volatile long busyNanos; // read by any thread, written by one

  /**
   * @param inputs the device's, of this layout
   * @param drawn the device's, int32, a row of logits each
   * @param logitsView of the logits of the most rows
   */
  StepInFlight(
      InputLayout layout,
      Buffer inputs,
      Buffer drawn,
      HostView logitsView,
      Device device,
      Arena arena) {
    this.device = device;
    this.inputs = inputs;
    this.drawn = drawn;
    this.logitsView = logitsView;
    rows = InputRows.of(layout, device, arena);
    drawnView = device.view("the tokens drawn", drawn.bytes(), arena);
    begin = device.mark(arena);
    end = device.mark(arena);
  }

  /** What the next step here runs; the one that was described before is done. */
  InputRows rows() {
    return rows;
  }

  /**
   * Issues the step: its inputs to the device, {@code ops}, its results to the host.
   *
   * @param used what of {@link #rows} the step uses
   * @param logits where the ops leave them; Buffer.NONE where the host does not want them
   * @param draws whether the ops draw tokens
   */
  void issue(MemorySegment used, Runnable ops, Buffer logits, boolean draws) {
    this.logits = logits;
    begin.set();
    device.upload(used, inputs.slice(0, used.byteSize()));
    ops.run();
    if (logits != Buffer.NONE) {
      logitsView.refresh(logits);
    }
    if (draws) {
      drawnView.refresh(drawn);
    }
    end.set();
    inFlight = true;
  }

  /**
   * Issues the draws of a step that was issued without them.
   *
   * @param op what draws
   */
  void draw(Runnable op) {
    op.run();
    drawnView.refresh(drawn);
    end.set();
  }

  /** Waits until the step is done. */
  public void await() {
    if (inFlight) {
      inFlight = false;
      end.await();
      busyNanos += end.nanosSince(begin);
    }
  }

  /**
   * The logits of some rows, (rows, vocab) float32, of a step that is done; valid until the next
   * step is issued.
   */
  public MemorySegment logits(int first, int rows, int vocab) {
    long row = (long) Float.BYTES * vocab;
    return logitsView.content(logits).asSlice(first * row, rows * row);
  }

  /**
   * The token drawn in a row of a step that is done, until the step after the next is issued;
   * {@link dev.gatun.device.Sampling} tells the negative ones.
   */
  public int token(int row) {
    return drawnView.content(drawn).getAtIndex(ValueLayout.JAVA_INT, row);
  }

  /** Nanoseconds that its steps were on the device, those that were awaited. */
  long busyNanos() {
    return busyNanos;
  }
}

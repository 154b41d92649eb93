// StepInFlight: a step that was issued: its inputs on the host, when it is done, what it gives.
package dev.gatun.step;

import dev.gatun.device.Buffer;
import dev.gatun.device.Device;
import dev.gatun.device.HostView;
import dev.gatun.device.Mark;
import dev.gatun.device.Sampling;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.function.IntUnaryOperator;

/**
 * Two of them alternate, so that one can be filled while the device still copies from the other.
 * The device's inputs are one buffer for both: its copies and steps are in order.
 */
public final class StepInFlight {
  private static final int PADDING = -1;
  private static final Sampling NO_DRAW = Sampling.greedy(1);

  private final Device device;
  private final InputLayout layout;
  private final MemorySegment host;
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
    this.layout = layout;
    this.inputs = inputs;
    this.drawn = drawn;
    this.logitsView = logitsView;
    host = device.hostMemory("the steps' inputs", layout.bytes(), arena);
    // Rows of the page table hold no page at first.
    host.fill((byte) 0);
    drawnView = device.view("the tokens drawn", drawn.bytes(), arena);
    begin = device.mark(arena);
    end = device.mark(arena);
  }

  /**
   * Describes a step. The one that was described here before is done.
   *
   * @param tokens rows of the step, of which those behind the batch's are padding
   * @param logitRows likewise of its logits
   * @param idOf what the device is told for an id of the batch
   */
  void fill(Batch batch, int tokens, int logitRows, IntUnaryOperator idOf) {
    int token = 0;
    int row = 0;
    List<Batch.Part> parts = batch.parts();
    for (int sequence = 0; sequence < parts.size(); sequence++) {
      Batch.Part part = parts.get(sequence);
      int[] ids = part.ids();
      for (int i = 0; i < ids.length; i++) {
        setToken(token + i, idOf.applyAsInt(ids[i]), part.position() + i, sequence);
      }
      for (int i = 0; i < part.next().length; i++) {
        set(layout.nextIds(), token + i, part.next()[i]);
      }
      token += ids.length;
      for (int left = part.logitRows(); left > 0; left--) {
        setRow(row++, token - left, part, batch);
      }
      part.pages().write(host.asSlice(layout.pages(sequence)));
    }
    for (; token < tokens; token++) {
      setToken(token, 0, 0, PADDING);
      if (batch.mtp()) {
        set(layout.nextIds(), token, 0);
      }
    }
    for (; row < logitRows; row++) {
      set(layout.logitRows(), row, 0);
      if (batch.draws()) {
        setSampling(row, NO_DRAW, 0);
      }
    }
  }

  private void setToken(int index, int id, int position, int sequence) {
    set(layout.tokenIds(), index, id);
    set(layout.position(), index, position);
    set(layout.sequence(), index, sequence);
  }

  private void setRow(int index, int token, Batch.Part part, Batch batch) {
    set(layout.logitRows(), index, token);
    if (batch.draws()) {
      setSampling(index, part.sampling().orElse(NO_DRAW), batch.maskRow(part));
    }
  }

  private void setSampling(int index, Sampling sampling, int mask) {
    long at = layout.sampling() + index * Sampling.BYTES;
    sampling.write(host.asSlice(at, Sampling.BYTES), mask);
  }

  private void set(long array, int index, int value) {
    host.set(ValueLayout.JAVA_INT, array + (long) Integer.BYTES * index, value);
  }

  /**
   * Issues the step: its inputs to the device, {@code ops}, its results to the host.
   *
   * @param used what of {@link #inputs} the step uses
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

  /** The inputs of a step on the host, as {@link InputLayout} has them. */
  MemorySegment inputs() {
    return host;
  }

  /** Those that a step of some sequences uses. */
  MemorySegment inputs(int sequences) {
    return host.asSlice(0, layout.usedBytes(sequences));
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
   * {@link Sampling} tells the negative ones.
   */
  public int token(int row) {
    return drawnView.content(drawn).getAtIndex(ValueLayout.JAVA_INT, row);
  }

  /** Nanoseconds that its steps were on the device, those that were awaited. */
  long busyNanos() {
    return busyNanos;
  }
}

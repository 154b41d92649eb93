// Turn: what the host holds for a step that is under way: its inputs, its marks, the token it
// draws.
package dev.gatun.engine;

import dev.gatun.device.Buffer;
import dev.gatun.device.Device;
import dev.gatun.device.HostView;
import dev.gatun.device.Mark;
import dev.gatun.device.Sampling;
import dev.gatun.graph.Step;
import dev.gatun.kv.PageTable;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Two of them alternate, so that one can be filled while the device still copies from the other.
 * The device's inputs are one buffer for both: its copies and steps are in order.
 */
final class Turn {
  private final Device device;
  private final InputLayout layout;
  private final MemorySegment host;
  private final Buffer inputs;
  private final Buffer token;
  private final HostView drawn;
  private final Mark begin;
  private final Mark end;
  private boolean hasTokens;
  private boolean underWay;
  private long busyNanos;

  /**
   * @param inputs the device's, of this layout
   */
  Turn(InputLayout layout, Buffer inputs, Device device, Arena arena) {
    this.device = device;
    this.layout = layout;
    this.inputs = inputs;
    host = device.hostMemory("the steps' inputs", layout.bytes(), arena);
    // Rows of the page table hold no page at first, and every token belongs to sequence 0.
    host.fill((byte) 0);
    token = inputs.slice(layout.tokenIds(), Integer.BYTES);
    drawn = device.view("the token drawn", Integer.BYTES, arena);
    begin = device.mark(arena);
    end = device.mark(arena);
  }

  /** Begins to describe a step: of the token that the device drew last, if nothing else is said. */
  void clear() {
    await();
    hasTokens = false;
  }

  /** The step's tokens are {@code ids[from .. from + count)}. */
  void tokens(int[] ids, int from, int count) {
    hasTokens = true;
    MemorySegment.copy(ids, from, host, ValueLayout.JAVA_INT, layout.tokenIds(), count);
  }

  /** One sequence's tokens at {@code position} and on; the logits of the last of them. */
  void place(Step step, int position, PageTable pages) {
    for (int i = 0; i < step.tokens(); i++) {
      set(layout.position(), i, position + i);
    }
    for (int i = 0; i < step.logitRows(); i++) {
      set(layout.logitRows(), i, step.tokens() - step.logitRows() + i);
    }
    pages.write(host.asSlice(layout.pageTable()));
  }

  private void set(long array, int index, int value) {
    host.set(ValueLayout.JAVA_INT, array + (long) Integer.BYTES * index, value);
  }

  void sampling(Sampling sampling) {
    sampling.write(host.asSlice(layout.sampling(), Sampling.BYTES));
  }

  /** Issues the step: its inputs to the device, {@code ops}, its result to the host. */
  void issue(Runnable ops, HostView view, Buffer result) {
    begin.set();
    long from = hasTokens ? 0 : layout.position();
    long bytes = layout.bytes() - from;
    device.upload(host.asSlice(from, bytes), inputs.slice(from, bytes));
    ops.run();
    view.refresh(result);
    end.set();
    underWay = true;
  }

  /** As {@link #issue}, the result being the token that the step draws. */
  void issueDraw(Runnable ops) {
    issue(ops, drawn, token);
  }

  /** Waits until the step is done. */
  void await() {
    if (underWay) {
      underWay = false;
      end.await();
      busyNanos += end.nanosSince(begin);
    }
  }

  /** Waits for the token that the step draws; {@link Sampling} says what a negative one means. */
  int token() {
    await();
    return drawn.content(token).get(ValueLayout.JAVA_INT, 0);
  }

  /** Nanoseconds that its steps were on the device, those that were awaited. */
  long busyNanos() {
    return busyNanos;
  }
}

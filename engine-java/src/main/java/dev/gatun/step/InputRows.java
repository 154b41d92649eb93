// InputRows: the inputs of one rank's rows of a step, on the host.
package dev.gatun.step;

import dev.gatun.device.Device;
import dev.gatun.device.Sampling;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.function.IntUnaryOperator;

/**
 * Written anew for each step.
 *
 * @param memory of {@code layout}; rows of the page table hold no page at first
 */
record InputRows(InputLayout layout, MemorySegment memory) {
  private static final int PADDING = -1;
  private static final Sampling NO_DRAW = Sampling.greedy(1);

  /** Of an empty step. */
  static InputRows of(InputLayout layout, Device device, Arena arena) {
    MemorySegment memory = device.hostMemory("the steps' inputs", layout.bytes(), arena);
    memory.fill((byte) 0);
    return new InputRows(layout, memory);
  }

  /**
   * Describes what a rank runs.
   *
   * @param tokens rows of the step, of which those behind the batch's are padding
   * @param logitRows likewise of those that the last layer keeps
   * @param idOf what the device is told for an id of the batch
   */
  void fill(Batch.OfRank batch, int tokens, int logitRows, IntUnaryOperator idOf) {
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
        set(layout.logitRows(), row++, token - left);
      }
      part.pages().write(memory.asSlice(layout.pages(sequence)));
    }
    for (; token < tokens; token++) {
      setToken(token, 0, 0, PADDING);
      if (layout.hasNextIds()) {
        set(layout.nextIds(), token, 0);
      }
    }
    for (; row < logitRows; row++) {
      set(layout.logitRows(), row, 0);
    }
  }

  private void setToken(int index, int id, int position, int sequence) {
    set(layout.tokenIds(), index, id);
    set(layout.position(), index, position);
    set(layout.sequence(), index, sequence);
  }

  /**
   * Says how a token is drawn from each row of logits, of all ranks'.
   *
   * @param logitRows of which those behind the batch's are padding
   */
  void fillSampling(Batch batch, int logitRows) {
    int row = 0;
    for (Batch.Part part : batch.parts()) {
      for (int left = part.logitRows(); left > 0; left--) {
        setSampling(row++, part.sampling().orElse(NO_DRAW), batch.maskRow(part));
      }
    }
    for (; row < logitRows; row++) {
      setSampling(row, NO_DRAW, 0);
    }
  }

  private void setSampling(int index, Sampling sampling, int mask) {
    long at = layout.sampling() + index * Sampling.BYTES;
    sampling.write(memory.asSlice(at, Sampling.BYTES), mask);
  }

  private void set(long array, int index, int value) {
    memory.set(ValueLayout.JAVA_INT, array + (long) Integer.BYTES * index, value);
  }

  /** Of a step of some sequences. */
  MemorySegment used(int sequences) {
    return memory.asSlice(0, layout.usedBytes(sequences));
  }
}

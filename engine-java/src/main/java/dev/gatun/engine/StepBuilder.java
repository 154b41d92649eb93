// StepBuilder: the inputs of steps, on the host and on the device.
package dev.gatun.engine;

import dev.gatun.device.Buffer;
import dev.gatun.device.Device;
import dev.gatun.graph.Step;
import java.lang.foreign.Arena;

/**
 * Owns the memory that changes from step to step, at fixed addresses as long as the engine lives.
 */
final class StepBuilder {
  private final Step.Inputs inputs;
  private final int maxPages;
  private final Turn[] turns;
  private int issued;

  /**
   * @param tokens of the largest step
   * @param maxPages of the longest sequence
   */
  StepBuilder(int tokens, int maxPages, Device device, Arena arena) {
    this.maxPages = maxPages;
    InputLayout layout = InputLayout.of(tokens, maxPages);
    Buffer buffer = device.allocate("the steps' inputs", layout.bytes(), arena);
    inputs = layout.in(buffer);
    turns =
        new Turn[] {
          new Turn(layout, buffer, device, arena), new Turn(layout, buffer, device, arena)
        };
  }

  /** The shape of a step. */
  Step shape(int tokens, int logitRows, boolean draws) {
    return new Step(tokens, logitRows, draws, maxPages, inputs);
  }

  /** The turn of the next step, not described yet; waits for the step before the last. */
  Turn next() {
    Turn turn = turns[issued++ % turns.length];
    turn.clear();
    return turn;
  }

  /** Waits for every step that is under way. */
  void settle() {
    for (Turn turn : turns) {
      turn.await();
    }
  }

  /** Nanoseconds that steps were on the device. */
  long busyNanos() {
    long nanos = 0;
    for (Turn turn : turns) {
      nanos += turn.busyNanos();
    }
    return nanos;
  }
}

// FlightRecord: steps as the JDK's Flight Recorder has them.
package dev.gatun.engine;

import dev.gatun.step.Batch;
import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.FlightRecorder;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

final class FlightRecord {
  private static final Runnable NOTHING = () -> {};

  private FlightRecord() {}

  /**
   * Begins a step; what is returned ends it. Does nothing where no recorder was ever started in
   * this process: the first event loads 360 classes, a tenth of a second that a first token would
   * wait for.
   */
  static Runnable begin(Batch batch) {
    return FlightRecorder.isInitialized() ? Step.begun(batch)::commit : NOTHING;
  }

  /** From its issue until its results were there; where steps run ahead, they overlap. */
  @Name("dev.gatun.Step")
  @Label("Step")
  @Category("Gatun")
  @Description("One step of an engine, from its issue until its results were there")
  @StackTrace(false)
  private static final class Step extends Event {
    @Label("Sequences")
    int sequences;

    @Label("Answers")
    @Description("Sequences that had one token: all that draw, and prompts' last ones")
    int answers;

    @Label("Prompt Tokens")
    int promptTokens;

    static Step begun(Batch batch) {
      Step step = new Step();
      step.begin();
      for (Batch.Part part : batch.parts()) {
        step.sequences++;
        if (part.ids().length == 1) {
          step.answers++;
        } else {
          step.promptTokens += part.ids().length;
        }
      }
      return step;
    }
  }
}

// StepEvent: one step of an engine, for the JDK's Flight Recorder.
package dev.gatun.engine;

import dev.gatun.step.Batch;
import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** From its issue until its results were there; where steps run ahead, they overlap. */
@Name("dev.gatun.Step")
@Label("Step")
@Category("Gatun")
@Description("One step of an engine, from its issue until its results were there")
@StackTrace(false)
final class StepEvent extends Event {
  @Label("Sequences")
  int sequences;

  @Label("Answers")
  @Description("Sequences that had one token: all that draw, and prompts' last ones")
  int answers;

  @Label("Prompt Tokens")
  int promptTokens;

  /** Costs nothing to speak of where nobody records. */
  static StepEvent begun(Batch batch) {
    StepEvent event = new StepEvent();
    if (event.isEnabled()) {
      event.begin();
      for (Batch.Part part : batch.parts()) {
        event.sequences++;
        if (part.ids().length == 1) {
          event.answers++;
        } else {
          event.promptTokens += part.ids().length;
        }
      }
    }
    return event;
  }
}

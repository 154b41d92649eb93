// PreTokenizer: cuts text into the words that are encoded one by one.
package dev.gatun.text;

import java.util.List;
import java.util.function.Consumer;

/** Steps, each cutting what the step before it made. */
record PreTokenizer(List<Step> steps) {
  /** One way of cutting. */
  sealed interface Step permits Split, LeadingSpace {
    /** Cuts what it is given and passes the pieces to {@code next} in order. For one thread. */
    Consumer<String> before(Consumer<String> next);
  }

  /** Puts a space before every piece that does not start with one. */
  record LeadingSpace() implements Step {
    @Override
    public Consumer<String> before(Consumer<String> next) {
      return text -> next.accept(text.startsWith(" ") ? text : " " + text);
    }
  }

  PreTokenizer {
    steps = List.copyOf(steps);
  }

  /** All steps in a row, ending in {@code words}. Made anew for each text: steps hold matchers. */
  Consumer<String> before(Consumer<String> words) {
    Consumer<String> first = words;
    for (Step step : steps.reversed()) {
      first = step.before(first);
    }
    return first;
  }
}

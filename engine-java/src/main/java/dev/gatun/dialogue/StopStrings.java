// StopStrings: ends an answer where one of the caller's strings turns up, however it is cut into
// tokens.
package dev.gatun.dialogue;

import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/** The stop string itself, and what follows it, is not passed on. */
final class StopStrings {
  private final List<String> stops;
  private final Consumer<String> next;
  private final StringBuilder held = new StringBuilder();
  private Optional<String> found = Optional.empty();

  /** {@code stops} are not empty texts. */
  StopStrings(List<String> stops, Consumer<String> next) {
    this.stops = List.copyOf(stops);
    this.next = next;
  }

  void push(String text) {
    if (found()) {
      return;
    }
    held.append(text);
    found =
        stops.stream()
            .filter(stop -> held.indexOf(stop) >= 0)
            .min(Comparator.comparingInt(held::indexOf));
    if (found()) {
      pass(held.indexOf(found.get()));
    } else {
      pass(held.length() - longestOverlap());
    }
  }

  /** The text is over: what was held back was no stop string. */
  void finish() {
    if (!found()) {
      pass(held.length());
    }
  }

  boolean found() {
    return found.isPresent();
  }

  /** The string that turned up first; of two at one place the one that was given first. */
  Optional<String> which() {
    return found;
  }

  private int longestOverlap() {
    return stops.stream().mapToInt(stop -> Overlap.length(held, stop)).max().orElse(0);
  }

  private void pass(int length) {
    if (length > 0) {
      next.accept(held.substring(0, length));
      held.delete(0, length);
    }
  }
}

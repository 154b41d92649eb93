// MarkerWatch: looks for markers in a text that comes character by character.
package dev.gatun.dialogue;

import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/** No marker is the beginning of another. */
final class MarkerWatch {
  private final List<String> markers;
  private final Consumer<Character> passed;
  private final StringBuilder held = new StringBuilder(); // the beginning of a marker

  /**
   * @param passed takes each character that belongs to no marker, as soon as that is certain
   */
  MarkerWatch(List<String> markers, Consumer<Character> passed) {
    this.markers = List.copyOf(markers);
    this.passed = passed;
  }

  /** The marker that this character ends, if it does. */
  Optional<String> push(char c) {
    held.append(c);
    while (!held.isEmpty()) {
      String text = held.toString();
      if (markers.contains(text)) {
        held.setLength(0);
        return Optional.of(text);
      }
      if (markers.stream().anyMatch(marker -> marker.startsWith(text))) {
        break;
      }
      passFirst();
    }
    return Optional.empty();
  }

  /** The text is over: what was held back was no marker. */
  void finish() {
    while (!held.isEmpty()) {
      passFirst();
    }
  }

  private void passFirst() {
    char first = held.charAt(0);
    held.deleteCharAt(0);
    passed.accept(first);
  }
}

// JsonCallReader: calls that are JSON objects with name and arguments: Hermes' and Llama 3's.
package dev.gatun.dialogue;

import java.util.List;
import java.util.Set;
import java.util.function.Predicate;

final class JsonCallReader extends CallReader {
  private static final Set<String> OTHER_KEYS = Set.of("type", "id", "index");

  private final boolean bare;
  private final String open;
  private final Predicate<String> names;
  private final StringBuilder raw = new StringBuilder(); // of a call that is none yet
  private CallObject object; // null outside of calls
  private boolean announced;
  private boolean fresh = true; // nothing was said yet that a bare call could not follow

  private JsonCallReader(
      List<String> markers, boolean bare, Predicate<String> names, CallReader.Sink sink) {
    super(markers, sink);
    this.open = markers.getFirst();
    this.bare = bare;
    this.names = names;
  }

  /** Calls between markers; whatever they name is called. */
  static CallReader between(String open, String close, CallReader.Sink sink) {
    return new JsonCallReader(List.of(open, close), false, name -> true, sink);
  }

  /**
   * Calls that begin the answer or follow each other, after a marker or none.
   *
   * @param names of the tools; an object that calls none of them is text
   */
  static CallReader bare(String marker, Set<String> names, CallReader.Sink sink) {
    return new JsonCallReader(List.of(marker), true, names::contains, sink);
  }

  @Override
  boolean inside() {
    return object != null;
  }

  @Override
  void marker(String marker) {
    if (bare) {
      sink().wrapper(marker);
      fresh = true;
    } else if (marker.equals(open)) {
      begin();
      raw.append(marker);
    } else {
      closing(marker);
    }
  }

  @Override
  void outside(char c) {
    if (bare && fresh && c == '{') {
      begin();
      take(c);
    } else if (bare && c == ';' && sink().afterCall()) {
      sink().wrapper(";");
    } else {
      sink().text(c);
      fresh &= Character.isWhitespace(c);
    }
  }

  private void begin() {
    object = new CallObject(names, OTHER_KEYS::contains);
    announced = false;
  }

  @Override
  void take(char c) {
    CallObject.Step step = object.push(c);
    if (step != CallObject.Step.BROKEN && !announced) {
      raw.append(c);
    }
    boolean named = !object.name().isEmpty();
    boolean done = step == CallObject.Step.DONE;
    if (!announced && named && (done || step != CallObject.Step.BROKEN && object.hasArguments())) {
      announced = true;
      raw.setLength(0);
      sink().call("", object.name());
    }
    if (announced) {
      sink().arguments(object.takeArguments());
    }
    if (done && announced && !object.hasArguments()) {
      sink().arguments("{}");
    }
    if (step != CallObject.Step.MORE) {
      leave();
    }
    if (step == CallObject.Step.BROKEN) {
      push(c);
    }
  }

  private void leave() {
    object = null;
    if (announced) {
      sink().end();
    } else {
      giveBack(raw);
    }
    fresh = announced;
  }

  @Override
  void finish() {
    super.finish();
    if (inside()) {
      leave();
    }
  }
}

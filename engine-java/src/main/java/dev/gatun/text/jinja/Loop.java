// Loop: the variable `loop` inside a for.
package dev.gatun.text.jinja;

import static dev.gatun.text.jinja.TemplateFault.runtime;

import dev.gatun.text.jinja.Values.Attributed;
import dev.gatun.text.jinja.Values.Callable;
import dev.gatun.text.jinja.Values.Undefined;
import java.util.List;
import java.util.Optional;

/**
 * Positions count from 0 as {@code index0} and from 1 as {@code index}; {@code depth} of the
 * outermost is 1.
 */
final class Loop implements Attributed, Callable {
  private final List<Object> items;
  private final int depth;
  private final Optional<Callable> recurse;
  private final Budget budget;
  private int index = -1;
  private Optional<Arguments> lastChanged = Optional.empty();

  /**
   * @param recurse renders the loop's body over other items; empty if the loop is not marked
   *     recursive
   */
  Loop(List<Object> items, int depth, Optional<Callable> recurse, Budget budget) {
    this.items = items;
    this.depth = depth;
    this.recurse = recurse;
    this.budget = budget;
  }

  Object next() {
    return items.get(++index);
  }

  boolean hasNext() {
    return index + 1 < items.size();
  }

  int length() {
    return items.size();
  }

  @Override
  public Object call(Arguments arguments) {
    return recurse
        .orElseThrow(
            () -> runtime("The loop must have the 'recursive' marker to be called recursively."))
        .call(arguments);
  }

  @Override
  public String typeName() {
    return "LoopContext";
  }

  @Override
  public Object attribute(String name) {
    return switch (name) {
      case "index" -> index + 1L;
      case "index0" -> (long) index;
      case "revindex" -> (long) items.size() - index;
      case "revindex0" -> items.size() - index - 1L;
      case "first" -> index == 0;
      case "last" -> !hasNext();
      case "length" -> (long) items.size();
      case "depth" -> (long) depth;
      case "depth0" -> depth - 1L;
      case "previtem" ->
          index > 0 ? items.get(index - 1) : new Undefined("there is no previous item");
      case "nextitem" -> hasNext() ? items.get(index + 1) : new Undefined("there is no next item");
      case "cycle" -> (Callable) this::cycle;
      case "changed" -> (Callable) this::changed;
      default -> ABSENT;
    };
  }

  private Object cycle(Arguments arguments) {
    if (arguments.positional().isEmpty()) {
      throw runtime("no items for cycling given");
    }
    return arguments.positional().get(index % arguments.positional().size());
  }

  private Object changed(Arguments arguments) {
    boolean same =
        lastChanged.isPresent()
            && Operators.equal(lastChanged.get().positional(), arguments.positional(), budget);
    lastChanged = Optional.of(arguments);
    return !same;
  }
}

// SequenceFilters: Jinja's filters that take, pick and map elements.
package dev.gatun.text.jinja;

import static dev.gatun.text.jinja.TemplateFault.runtime;

import dev.gatun.text.jinja.Values.Attributed;
import dev.gatun.text.jinja.Values.Lazy;
import dev.gatun.text.jinja.Values.Undefined;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.function.Predicate;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/**
 * Where Jinja returns a generator, {@link Lazy} is returned: elements come once, and are worked on
 * as they are taken.
 */
final class SequenceFilters {
  private SequenceFilters() {}

  /** {@link Attributed#ABSENT} for a name of another family. */
  static Object apply(String name, Object value, Arguments arguments, Budget budget) {
    return switch (name) {
      case "default", "d" -> {
        var bound = arguments.bind(name, "default_value", "boolean");
        boolean missing =
            value instanceof Undefined || bound.flag(1, false) && !Values.truth(value);
        yield missing ? bound.get(0, "") : value;
      }
      case "length", "count", "list", "first", "last", "items" ->
          simple(name, value, arguments, budget);
      case "join" -> join(value, arguments.bind(name, "d", "attribute"), budget);
      case "attr" -> {
        Object attribute = arguments.bind(name, "name").text(0);
        yield value instanceof Map
            ? Undefined.attribute(value, attribute, budget)
            : Subscript.attribute(value, (String) attribute, budget);
      }
      // Nothing to work on is asked nothing, not even whether it is a sequence.
      case "map", "select", "reject", "selectattr", "rejectattr" ->
          Values.truth(value)
              ? each(name, value, arguments, budget)
              : new Lazy(List.of().iterator());
      case "reverse" -> reverse(value, arguments, budget);
      case "batch" -> batch(value, arguments.bind(name, "linecount", "fill_with"), budget);
      case "slice" -> slice(value, arguments.bind(name, "slices", "fill_with"), budget);
      default -> Attributed.ABSENT;
    };
  }

  private static Lazy each(String name, Object value, Arguments arguments, Budget budget) {
    return switch (name) {
      case "select", "reject" -> {
        Predicate<Object> test = test(arguments, budget);
        yield lazy(
            elements(value, budget).filter(item -> test.test(item) == name.equals("select")));
      }
      case "selectattr", "rejectattr" -> {
        if (arguments.positional().isEmpty()) {
          throw runtime("Missing parameter for attribute name");
        }
        Predicate<Object> test = test(arguments.after(1), budget);
        Path path = Path.of(arguments.positional().getFirst());
        yield lazy(
            elements(value, budget)
                .filter(item -> test.test(path.in(item, budget)) == name.equals("selectattr")));
      }
      default -> map(value, arguments, budget);
    };
  }

  private static Object simple(String name, Object value, Arguments arguments, Budget budget) {
    arguments.bind(name);
    return switch (name) {
      case "list" -> Values.list(value, budget);
      case "first" -> {
        Iterator<?> items = Values.iterate(value, budget);
        yield items.hasNext() ? items.next() : new Undefined("No first item, sequence was empty.");
      }
      case "last" -> {
        List<?> items =
            value instanceof List<?> list ? list : Values.list(reversible(value), budget);
        yield items.isEmpty()
            ? new Undefined("No last item, sequence was empty.")
            : items.getLast();
      }
      case "items" ->
          switch (value) {
            case Map<?, ?> map -> new Lazy(ContainerMethods.pairs(map).iterator());
            case Undefined _ -> new Lazy(List.of().iterator());
            case null, default -> throw runtime("Can only get item pairs from a mapping.");
          };
      default -> Values.length(value);
    };
  }

  private static Object reversible(Object value) {
    if (value instanceof Lazy) {
      throw runtime("'generator' object is not reversible");
    }
    return value;
  }

  private static Object reverse(Object value, Arguments arguments, Budget budget) {
    arguments.bind("reverse");
    if (value instanceof String text) {
      budget.chars(text.length());
      return text.isEmpty() ? "" : Text.slice(text, Text.length(text) - 1L, -1, Text.length(text));
    }
    List<Object> items = Values.list(value, budget);
    return value instanceof Lazy ? items.reversed() : new Lazy(items.reversed().iterator());
  }

  private static String join(Object value, Arguments.Bound bound, Budget budget) {
    String separator = Repr.str(bound.get(0, ""), budget);
    Object attribute = bound.get(1, null);
    StringBuilder out = new StringBuilder();
    Iterator<?> items = Values.iterate(value, budget);
    for (boolean first = true; items.hasNext(); first = false) {
      Object item = items.next();
      String text =
          Repr.str(attribute == null ? item : Path.of(attribute).in(item, budget), budget);
      budget.chars((long) separator.length() + text.length());
      out.append(first ? "" : separator).append(text);
    }
    return out.toString();
  }

  private static Lazy map(Object value, Arguments arguments, Budget budget) {
    if (arguments.positional().isEmpty() && arguments.named().containsKey("attribute")) {
      var bound = arguments.bind("map", "attribute", "default");
      Path path = Path.of(bound.get(0, null));
      return lazy(
          elements(value, budget)
              .map(
                  item -> {
                    Object found = path.in(item, budget);
                    return found instanceof Undefined ? bound.get(1, found) : found;
                  }));
    }
    if (arguments.positional().isEmpty()
        || !(arguments.positional().getFirst() instanceof String filter)) {
      throw runtime("map requires a filter argument");
    }
    Arguments rest = arguments.after(1);
    return lazy(elements(value, budget).map(item -> Filters.apply(filter, item, rest, budget)));
  }

  /**
   * The test that the first argument names, with the arguments after it; truth if there is none.
   */
  private static Predicate<Object> test(Arguments arguments, Budget budget) {
    if (arguments.positional().isEmpty()) {
      return Values::truth;
    }
    String name = Repr.str(arguments.positional().getFirst(), budget);
    Arguments rest = arguments.after(1);
    return item -> Tests.apply(name, item, rest, budget);
  }

  private static Stream<Object> elements(Object value, Budget budget) {
    Iterator<?> items = Values.iterate(value, budget);
    Spliterator<Object> elements = Spliterators.spliteratorUnknownSize(items, Spliterator.ORDERED);
    return StreamSupport.stream(elements, false);
  }

  private static Lazy lazy(Stream<Object> elements) {
    return new Lazy(elements.iterator());
  }

  private static Lazy batch(Object value, Arguments.Bound bound, Budget budget) {
    long size = Numbers.index(bound.need(0));
    List<List<Object>> rows = new ArrayList<>();
    List<Object> row = new ArrayList<>();
    for (Object item : Values.list(value, budget)) {
      if (row.size() == size) {
        rows.add(row);
        row = new ArrayList<>();
      }
      row.add(item);
    }
    if (!row.isEmpty()) {
      fill(row, size, bound.get(1, null), budget);
      rows.add(row);
    }
    return new Lazy(rows.iterator());
  }

  private static Lazy slice(Object value, Arguments.Bound bound, Budget budget) {
    List<Object> items = Values.list(value, budget);
    long count = Numbers.index(bound.need(0));
    if (count == 0) {
      throw runtime("integer division or modulo by zero");
    }
    List<List<Object>> columns = new ArrayList<>();
    int from = 0;
    for (long i = 0; i < count; i++) {
      budget.step();
      boolean longer = i < items.size() % count;
      int to = from + (int) (items.size() / count) + (longer ? 1 : 0);
      List<Object> column = new ArrayList<>(items.subList(from, to));
      if (!longer && items.size() % count > 0) {
        fill(column, column.size() + 1L, bound.get(1, null), budget);
      }
      columns.add(column);
      from = to;
    }
    return new Lazy(columns.iterator());
  }

  private static void fill(List<Object> row, long size, Object filler, Budget budget) {
    if (filler != null) {
      budget.steps(Math.max(0, size - row.size()));
      while (row.size() < size) {
        row.add(filler);
      }
    }
  }
}

// SequenceFilters: Jinja's filters that take, map, sort and sum up elements.
package dev.gatun.text.jinja;

import static dev.gatun.text.jinja.TemplateFault.runtime;

import dev.gatun.text.jinja.Subscript.Path;
import dev.gatun.text.jinja.Values.Lazy;
import dev.gatun.text.jinja.Values.Tuple;
import dev.gatun.text.jinja.Values.Undefined;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.function.Predicate;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/**
 * Where Jinja returns a generator, {@link Lazy} is returned: elements come once, and are worked on
 * as they are taken. Strings are compared without regard to case unless {@code case_sensitive}.
 */
final class SequenceFilters {
  private SequenceFilters() {}

  /** The last table of {@link Filters}: what is not here is nowhere. */
  static Object apply(String name, Object value, Arguments arguments, Budget budget) {
    return switch (name) {
      case "length", "count", "list", "first", "last", "items" ->
          simple(name, value, arguments, budget);
      case "join" -> join(value, arguments.bind(name, "d", "attribute"), budget);
      // Nothing to work on is asked nothing, not even whether it is a sequence.
      case "map", "select", "reject", "selectattr", "rejectattr" ->
          Values.truth(value)
              ? each(name, value, arguments, budget)
              : new Lazy(List.of().iterator());
      case "reverse" -> reverse(value, arguments, budget);
      case "batch" -> batch(value, arguments.bind(name, "linecount", "fill_with"), budget);
      case "slice" -> slice(value, arguments.bind(name, "slices", "fill_with"), budget);
      case "sort" ->
          sort(value, arguments.bind(name, "reverse", "case_sensitive", "attribute"), budget);
      case "dictsort" ->
          dictSort(value, arguments.bind(name, "case_sensitive", "by", "reverse"), budget);
      case "unique" ->
          unique(value, key(arguments.bind(name, "case_sensitive", "attribute"), budget), budget);
      case "min", "max" -> {
        Key key = key(arguments.bind(name, "case_sensitive", "attribute"), budget);
        yield extreme(value, key, name.equals("max"), budget);
      }
      case "groupby" ->
          groups(value, arguments.bind(name, "attribute", "default", "case_sensitive"), budget);
      case "sum" -> sum(value, arguments.bind(name, "attribute", "start"), budget);
      default -> throw runtime("No filter named " + Repr.quoted(name) + ".");
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
      case "items" -> {
        if (value instanceof Undefined) {
          yield new Lazy(List.of().iterator());
        }
        if (!(value instanceof Map<?, ?> map)) {
          throw runtime("Can only get item pairs from a mapping.");
        }
        yield new Lazy(Values.pairs(map).iterator());
      }
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

  private interface Key {
    Object of(Object item);
  }

  /** The key by {@code case_sensitive} and {@code attribute}, the arguments 0 and 1. */
  private static Key key(Arguments.Bound bound, Budget budget) {
    return key(bound.get(1, null), bound.flag(0, false), budget);
  }

  private static Key key(Object attribute, boolean caseSensitive, Budget budget) {
    Path path = Path.of(attribute);
    return item -> folded(path.in(item, budget), caseSensitive);
  }

  /** The key of sort: several attributes may be named, separated by commas. */
  private static Key keys(Object attribute, boolean caseSensitive, Budget budget) {
    if (!(attribute instanceof String names) || names.indexOf(',') < 0) {
      return key(attribute, caseSensitive, budget);
    }
    List<Key> keys =
        Text.split(names, ",", -1).stream().map(name -> key(name, caseSensitive, budget)).toList();
    return item -> new Tuple(keys.stream().map(key -> key.of(item)).toList());
  }

  private static Object folded(Object value, boolean caseSensitive) {
    return value instanceof String text && !caseSensitive ? text.toLowerCase(Locale.ROOT) : value;
  }

  private static List<Object> sort(Object value, Arguments.Bound bound, Budget budget) {
    List<Object> items = Values.list(value, budget);
    Key key = keys(bound.get(2, null), bound.flag(1, false), budget);
    return sorted(items, key, bound.flag(0, false), budget);
  }

  private static List<Object> sorted(List<Object> items, Key key, boolean reverse, Budget budget) {
    record Keyed(Object key, Object item) {}
    Comparator<Keyed> order =
        (left, right) -> Operators.order("<", left.key(), right.key(), budget);
    return items.stream()
        .map(item -> new Keyed(key.of(item), item))
        .sorted(reverse ? order.reversed() : order)
        .map(Keyed::item)
        .toList();
  }

  private static List<Object> dictSort(Object value, Arguments.Bound bound, Budget budget) {
    if (!(value instanceof Map<?, ?> map)) {
      throw runtime("'" + Values.typeName(value) + "' object has no attribute 'items'");
    }
    String by = bound.text(1, "key");
    if (!by.equals("key") && !by.equals("value")) {
      throw runtime("You can only sort by either \"key\" or \"value\"");
    }
    long position = by.equals("key") ? 0 : 1;
    List<Object> pairs = new ArrayList<>(Values.pairs(map));
    return sorted(pairs, key(position, bound.flag(0, false), budget), bound.flag(2, false), budget);
  }

  private static Lazy unique(Object value, Key key, Budget budget) {
    Set<Object> seen = new HashSet<>();
    List<Object> items = Values.list(value, budget);
    items.removeIf(item -> !seen.add(Values.key(key.of(item))));
    return new Lazy(items.iterator());
  }

  private static Object extreme(Object value, Key key, boolean largest, Budget budget) {
    Iterator<?> items = Values.iterate(value, budget);
    if (!items.hasNext()) {
      return new Undefined("No aggregated item, sequence was empty.");
    }
    Object best = items.next();
    while (items.hasNext()) {
      Object item = items.next();
      int order = Operators.order(largest ? ">" : "<", key.of(item), key.of(best), budget);
      best = largest ? order > 0 ? item : best : order < 0 ? item : best;
    }
    return best;
  }

  private static List<Object> groups(Object value, Arguments.Bound bound, Budget budget) {
    Path path = Path.of(bound.need(0));
    Key exact =
        item -> {
          Object found = path.in(item, budget);
          return found instanceof Undefined ? bound.get(1, found) : found;
        };
    boolean caseSensitive = bound.flag(2, false);
    Key key = item -> folded(exact.of(item), caseSensitive);
    List<Object> groups = new ArrayList<>();
    List<Object> members = new ArrayList<>();
    List<Object> items = sorted(Values.list(value, budget), key, false, budget);
    for (int i = 0; i < items.size(); i++) {
      if (i == 0 || !Operators.equal(key.of(items.get(i - 1)), key.of(items.get(i)), budget)) {
        members = new ArrayList<>();
        groups.add(Tuple.of(exact.of(items.get(i)), members));
      }
      members.add(items.get(i));
    }
    return groups;
  }

  private static Object sum(Object value, Arguments.Bound bound, Budget budget) {
    Path path = Path.of(bound.get(0, null));
    Object total = bound.get(1, 0L);
    for (Iterator<?> items = Values.iterate(value, budget); items.hasNext(); ) {
      total = Operators.binary("+", total, path.in(items.next(), budget), budget);
    }
    return total;
  }
}

// OrderFilters: Jinja's filters that compare elements: sort, unique, groupby, min, max and sum.
package dev.gatun.text.jinja;

import static dev.gatun.text.jinja.TemplateFault.runtime;

import dev.gatun.text.jinja.Values.Attributed;
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

/** Strings are compared without regard to case unless {@code case_sensitive}. */
final class OrderFilters {
  private OrderFilters() {}

  /** {@link Attributed#ABSENT} for a name of another family. */
  static Object apply(String name, Object value, Arguments arguments, Budget budget) {
    return switch (name) {
      case "sort" -> {
        var bound = arguments.bind(name, "reverse", "case_sensitive", "attribute");
        yield sorted(
            Values.list(value, budget),
            keys(bound.get(2, null), bound.flag(1, false), budget),
            bound.flag(0, false),
            budget);
      }
      case "dictsort" ->
          dictSort(value, arguments.bind(name, "case_sensitive", "by", "reverse"), budget);
      case "unique" -> {
        var bound = arguments.bind(name, "case_sensitive", "attribute");
        yield unique(value, key(bound.get(1, null), bound.flag(0, false), budget), budget);
      }
      case "min", "max" -> {
        var bound = arguments.bind(name, "case_sensitive", "attribute");
        yield extreme(
            value,
            key(bound.get(1, null), bound.flag(0, false), budget),
            name.equals("max"),
            budget);
      }
      case "groupby" ->
          groups(value, arguments.bind(name, "attribute", "default", "case_sensitive"), budget);
      case "sum" -> sum(value, arguments.bind(name, "attribute", "start"), budget);
      default -> Attributed.ABSENT;
    };
  }

  private interface Key {
    Object of(Object item);
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
    List<Object> pairs = new ArrayList<>(ContainerMethods.pairs(map));
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

// Subscript: `value.name` and `value[index]` as Jinja2's sandbox resolves them.
package dev.gatun.text.jinja;

import static dev.gatun.text.jinja.TemplateFault.runtime;

import dev.gatun.text.jinja.Globals.Range;
import dev.gatun.text.jinja.Values.Attributed;
import dev.gatun.text.jinja.Values.Callable;
import dev.gatun.text.jinja.Values.Slice;
import dev.gatun.text.jinja.Values.Tuple;
import dev.gatun.text.jinja.Values.Undefined;
import dev.gatun.text.jinja.Values.View;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The dot looks for an attribute (a method) first and for an item second, brackets the other way
 * round: {@code schema.items} is dict's method even where the dict has such a key. A miss gives
 * {@link Undefined}, but not of a slice. Methods that change their receiver are refused, as the
 * immutable sandbox does.
 */
final class Subscript {
  private static final Set<String> LIST_METHODS = Set.of("copy", "count", "index");
  private static final Set<String> DICT_METHODS = Set.of("copy", "get", "items", "keys", "values");
  private static final Set<String> LIST_CHANGES =
      Set.of("append", "clear", "extend", "insert", "pop", "remove", "reverse", "sort");
  private static final Set<String> DICT_CHANGES =
      Set.of("clear", "pop", "popitem", "setdefault", "update");

  private Subscript() {}

  static Object attribute(Object target, String name, Budget budget) {
    Object attribute = own(target, name, budget);
    if (attribute != Attributed.ABSENT) {
      return attribute;
    }
    return target instanceof Map<?, ?> map && map.containsKey(name)
        ? map.get(name)
        : Undefined.attribute(target, name, budget);
  }

  static Object item(Object target, Object index, Budget budget) {
    if (index instanceof Slice slice) {
      return slice(target, slice, budget);
    }
    if (target instanceof Map<?, ?> map && Values.hashable(index) && map.containsKey(index)) {
      return map.get(index);
    }
    if (index instanceof String name) {
      Object attribute = own(target, name, budget);
      return attribute == Attributed.ABSENT ? Undefined.attribute(target, name, budget) : attribute;
    }
    return element(target, index, budget);
  }

  /** The attribute that Python's type has under that name, or {@link Attributed#ABSENT}. */
  private static Object own(Object target, String name, Budget budget) {
    Values.defined(target);
    if (target instanceof String text && StringMethods.NAMES.contains(name)) {
      return (Callable) arguments -> StringMethods.call(text, name, arguments, budget);
    }
    if (target instanceof List<?> items) {
      boolean fixed = target instanceof Tuple || target instanceof Range;
      if (LIST_CHANGES.contains(name) && !fixed) {
        return Undefined.unsafe(target, name);
      }
      if (LIST_METHODS.contains(name)) {
        return (Callable) arguments -> call(items, name, arguments, budget);
      }
    }
    if (target instanceof Map<?, ?> map) {
      if (DICT_CHANGES.contains(name)) {
        return Undefined.unsafe(target, name);
      }
      if (DICT_METHODS.contains(name)) {
        return (Callable) arguments -> call(map, name, arguments, budget);
      }
    }
    return target instanceof Attributed object ? object.attribute(name) : Attributed.ABSENT;
  }

  /** The element at a position counted from the front, or from the back below 0. */
  private static Object element(Object target, Object index, Budget budget) {
    Values.defined(target);
    if (Numbers.isInteger(index) && (target instanceof String || target instanceof List)) {
      budget.scan(target);
      long size = Values.length(target);
      long position = Numbers.index(index);
      long at = position < 0 ? position + size : position;
      if (at >= 0 && at < size) {
        return target instanceof String text
            ? Text.slice(text, at, 1, 1)
            : ((List<?>) target).get((int) at);
      }
    }
    return Undefined.attribute(target, index, budget);
  }

  private static Object slice(Object target, Slice slice, Budget budget) {
    Values.defined(target);
    if (target instanceof Map) {
      throw runtime("unhashable type: 'slice'");
    }
    if (!(target instanceof String || target instanceof List)) {
      throw runtime("'" + Values.typeName(target) + "' object is not subscriptable");
    }
    if (!whole(slice.start()) || !whole(slice.stop()) || !whole(slice.step())) {
      throw runtime("slice indices must be integers or None or have an __index__ method");
    }
    budget.scan(target);
    long size = Values.length(target);
    long step = slice.step() == null ? 1 : Numbers.index(slice.step());
    if (step == 0) {
      throw runtime("slice step cannot be zero");
    }
    long start = bound(slice.start(), step > 0 ? 0 : size - 1, size, step);
    long stop = bound(slice.stop(), step > 0 ? size : -1, size, step);
    int count =
        (int)
            Math.max(
                0, step > 0 ? (stop - start + step - 1) / step : (start - stop - step - 1) / -step);
    return target instanceof String text
        ? text(text, start, step, count, budget)
        : items((List<?>) target, start, step, count, budget);
  }

  private static boolean whole(Object bound) {
    return bound == null || Numbers.isInteger(bound);
  }

  private static long bound(Object bound, long absent, long size, long step) {
    if (bound == null) {
      return absent;
    }
    long index = Numbers.index(bound);
    long at = index < 0 ? index + size : index;
    long lowest = step > 0 ? 0 : -1;
    return Math.clamp(at, lowest, step > 0 ? size : size - 1);
  }

  private static String text(String text, long start, long step, int count, Budget budget) {
    budget.chars(2L * count);
    return count == 0 ? "" : Text.slice(text, start, step, count);
  }

  private static List<?> items(List<?> items, long start, long step, int count, Budget budget) {
    budget.steps(count);
    List<Object> taken = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      taken.add(items.get((int) (start + i * step)));
    }
    return items instanceof Tuple ? new Tuple(taken) : taken;
  }

  private static Object call(List<?> items, String name, Arguments arguments, Budget budget) {
    if (name.equals("copy")) {
      arguments.bind(name);
      return items;
    }
    Object wanted = arguments.bind(name, "value").need(0);
    long count = 0;
    for (int i = 0; i < items.size(); i++) {
      if (Operators.equal(items.get(i), wanted, budget)) {
        if (name.equals("index")) {
          return (long) i;
        }
        count++;
      }
    }
    if (name.equals("index")) {
      throw runtime(Repr.repr(wanted, budget) + " is not in list");
    }
    return count;
  }

  private static Object call(Map<?, ?> map, String name, Arguments arguments, Budget budget) {
    if (name.equals("get")) {
      var bound = arguments.bind(name, "key", "default");
      Object key = Values.key(bound.need(0));
      return map.containsKey(key) ? map.get(key) : bound.get(1, null);
    }
    arguments.bind(name);
    budget.steps(map.size());
    return switch (name) {
      case "items" -> new View("dict_items", Values.pairs(map));
      case "keys" -> new View("dict_keys", new ArrayList<>(map.keySet()));
      case "values" -> new View("dict_values", new ArrayList<>(map.values()));
      default -> new LinkedHashMap<Object, Object>(map);
    };
  }

  /** An attribute as filters name it: "function.name", "0.text" or a number. */
  record Path(List<Object> steps) {
    static Path of(Object attribute) {
      if (!(attribute instanceof String text)) {
        List<Object> steps = new ArrayList<>();
        if (attribute != null) {
          steps.add(attribute);
        }
        return new Path(steps);
      }
      List<Object> steps = new ArrayList<>();
      for (Object part : Text.split(text, ".", -1)) {
        String name = (String) part;
        boolean number =
            !name.isEmpty()
                && name.length() < 10
                && name.chars().allMatch(c -> c >= '0' && c <= '9');
        steps.add(number ? (Object) Long.valueOf(name) : name);
      }
      return new Path(steps);
    }

    Object in(Object item, Budget budget) {
      Object value = item;
      for (Object step : steps) {
        value = Subscript.item(value, step, budget);
      }
      return value;
    }
  }
}

// Values: what a template can hold, and Python's view of it: type names, truth, iteration, length.
package dev.gatun.text.jinja;

import static dev.gatun.text.jinja.TemplateFault.runtime;

import dev.gatun.text.jinja.Globals.Namespace;
import dev.gatun.text.jinja.Globals.Range;
import java.math.BigInteger;
import java.util.AbstractList;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.RandomAccess;

/**
 * The closed set of values: null (None), Boolean, Long and BigInteger (int), Double, String, List,
 * Map, and this package's {@link Tuple}, {@link Range}, {@link View}, {@link Lazy}, {@link
 * Undefined}, {@link Namespace}, {@link Callable} and {@link Attributed}. No other Java object
 * enters, so none can be reached.
 */
final class Values {
  private Values() {}

  /** The caller's value as one of the closed set; numbers are widened, collections copied. */
  static Object admit(Object value) {
    return admit(value, 0);
  }

  private static Object admit(Object value, int depth) {
    if (depth > Budget.LEVELS) {
      throw TemplateFault.limit("a variable nests deeper than " + Budget.LEVELS + " levels");
    }
    if (value == null || value instanceof String || value instanceof Boolean) {
      return value;
    }
    if (value instanceof Number number) {
      return admit(number);
    }
    if (value instanceof Map<?, ?> map) {
      Map<Object, Object> copy = LinkedHashMap.newLinkedHashMap(map.size());
      for (Map.Entry<?, ?> entry : map.entrySet()) {
        copy.put(admit(entry.getKey(), depth + 1), admit(entry.getValue(), depth + 1));
      }
      return copy;
    }
    if (value instanceof Collection<?> items) {
      List<Object> copy = new ArrayList<>(items.size());
      for (Object item : items) {
        copy.add(admit(item, depth + 1));
      }
      return copy;
    }
    if (value instanceof Optional<?> optional) {
      return admit(optional.orElse(null), depth + 1);
    }
    throw runtime("a variable is a " + value.getClass().getSimpleName() + ", not a JSON value");
  }

  private static Object admit(Number number) {
    if (number instanceof BigInteger big) {
      return Numbers.narrow(big);
    }
    boolean whole =
        number instanceof Integer
            || number instanceof Long
            || number instanceof Short
            || number instanceof Byte;
    return whole ? (Object) number.longValue() : (Object) number.doubleValue();
  }

  static String typeName(Object value) {
    if (value == null) {
      return "NoneType";
    }
    if (value instanceof Boolean) {
      return "bool";
    }
    if (value instanceof Number) {
      return value instanceof Double ? "float" : "int";
    }
    if (value instanceof String) {
      return "str";
    }
    if (value instanceof List) {
      return value instanceof Tuple ? "tuple" : value instanceof Range ? "range" : "list";
    }
    if (value instanceof Map) {
      return "dict";
    }
    if (value instanceof View view) {
      return view.kind();
    }
    if (value instanceof Attributed object) {
      return object.typeName();
    }
    return value instanceof Callable
        ? "builtin_function_or_method"
        : value instanceof Lazy ? "generator" : value instanceof Slice ? "slice" : "Undefined";
  }

  static boolean truth(Object value) {
    if (value == null || value instanceof Undefined) {
      return false;
    }
    if (value instanceof Boolean flag) {
      return flag;
    }
    if (value instanceof Long number) {
      return number != 0;
    }
    if (value instanceof Double number) {
      return number != 0;
    }
    if (value instanceof String text) {
      return !text.isEmpty();
    }
    if (value instanceof Collection<?> items) {
      return !items.isEmpty();
    }
    if (value instanceof Map<?, ?> map) {
      return !map.isEmpty();
    }
    return !(value instanceof View view) || !view.items().isEmpty();
  }

  static boolean iterable(Object value) {
    return value instanceof String
        || value instanceof Collection
        || value instanceof Map
        || value instanceof View
        || value instanceof Lazy
        || value instanceof Undefined
        || value instanceof Loop;
  }

  /** The elements of a value, each paid for with a step when it is taken. */
  static Iterator<?> iterate(Object value, Budget budget) {
    if (value instanceof String text) {
      budget.steps(text.length());
    }
    Iterator<?> elements = elements(value);
    return new Iterator<>() {
      @Override
      public boolean hasNext() {
        return elements.hasNext();
      }

      @Override
      public Object next() {
        budget.step();
        return elements.next();
      }
    };
  }

  private static Iterator<?> elements(Object value) {
    if (value instanceof String text) {
      return Text.characters(text).iterator();
    }
    if (value instanceof Collection<?> items) {
      return items.iterator();
    }
    if (value instanceof Map<?, ?> map) {
      return map.keySet().iterator();
    }
    if (value instanceof View view) {
      return view.items().iterator();
    }
    if (value instanceof Lazy lazy) {
      return lazy.elements();
    }
    if (value instanceof Undefined) {
      return Collections.emptyIterator();
    }
    throw runtime("'" + typeName(value) + "' object is not iterable");
  }

  static List<Object> list(Object value, Budget budget) {
    List<Object> items = new ArrayList<>();
    iterate(value, budget).forEachRemaining(items::add);
    return items;
  }

  static long length(Object value) {
    if (value instanceof String text) {
      return Text.length(text);
    }
    if (value instanceof Collection<?> items) {
      return items.size();
    }
    if (value instanceof Map<?, ?> map) {
      return map.size();
    }
    if (value instanceof View view) {
      return view.items().size();
    }
    if (value instanceof Loop loop) {
      return loop.length();
    }
    if (value instanceof Undefined) {
      return 0;
    }
    throw runtime("object of type '" + typeName(value) + "' has no len()");
  }

  /**
   * A value fit for a dict's key, which Python calls hashable. Unlike in Python, keys that are
   * equal across types (1, 1.0 and True) stay apart.
   */
  static Object key(Object value) {
    if (!hashable(value)) {
      throw runtime("unhashable type: '" + typeName(value) + "'");
    }
    return value;
  }

  /** A tuple of scalars is; hashing one of tuples could take exponential time. */
  static boolean hashable(Object value) {
    if (value instanceof Tuple tuple) {
      return tuple.stream().noneMatch(item -> item instanceof Map || item instanceof List);
    }
    return !(value instanceof Map
        || value instanceof List
        || value instanceof View
        || value instanceof Slice);
  }

  /** A dict's items. */
  static List<Tuple> pairs(Map<?, ?> map) {
    List<Tuple> pairs = new ArrayList<>(map.size());
    map.forEach((key, value) -> pairs.add(Tuple.of(key, value)));
    return pairs;
  }

  /** The value; refuses an undefined one. */
  static Object defined(Object value) {
    if (value instanceof Undefined undefined) {
      throw undefined.fault();
    }
    return value;
  }

  static Object call(Object callee, Arguments arguments) {
    if (callee instanceof Callable callable) {
      return callable.call(arguments);
    }
    throw runtime("'" + typeName(defined(callee)) + "' object is not callable");
  }

  /** A value with attributes of its own. */
  interface Attributed {
    /** What {@link #attribute} gives where there is no such attribute; null is None. */
    Object ABSENT = new Object();

    /** Python's name of the type. */
    String typeName();

    /** The attribute's value, or {@link #ABSENT}. */
    Object attribute(String name);
  }

  /** A function of a template, a method bound to its receiver, a macro. */
  @FunctionalInterface
  interface Callable {
    Object call(Arguments arguments);
  }

  /** A list that prints with parentheses and never equals a list. */
  static final class Tuple extends AbstractList<Object> implements RandomAccess {
    private final List<?> items;

    Tuple(List<?> items) {
      this.items = items;
    }

    static Tuple of(Object... items) {
      return new Tuple(Arrays.asList(items));
    }

    @Override
    public Object get(int index) {
      return items.get(index);
    }

    @Override
    public int size() {
      return items.size();
    }
  }

  /**
   * What a dict's keys(), values() and items() return: elements without positions.
   *
   * @param kind {@code dict_keys}, {@code dict_values} or {@code dict_items}
   */
  record View(String kind, List<?> items) {}

  /** A generator; its elements can be taken once. */
  record Lazy(Iterator<?> elements) {}

  /** The three bounds between brackets; null is an absent one. */
  record Slice(Object start, Object stop, Object step) {}

  /**
   * A name or attribute that does not exist; prints as nothing, else is an error.
   *
   * @param message what is said when the value is used
   */
  record Undefined(String message) {
    static Undefined name(String name) {
      return new Undefined(Repr.quoted(name) + " is undefined");
    }

    static Undefined attribute(Object owner, Object name, Budget budget) {
      String type = owner == null ? "None" : Values.typeName(owner) + " object";
      return name instanceof String text
          ? new Undefined("'" + type + "' has no attribute " + Repr.quoted(text))
          : new Undefined(type + " has no element " + Repr.repr(name, budget));
    }

    static Undefined unsafe(Object owner, String name) {
      return new Undefined(
          "access to attribute '"
              + name
              + "' of '"
              + Values.typeName(owner)
              + "' object is unsafe.");
    }

    TemplateFault fault() {
      return TemplateFault.runtime(message);
    }
  }
}

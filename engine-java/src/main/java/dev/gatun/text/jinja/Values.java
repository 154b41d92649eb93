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
  private static final int DEPTH = 500;

  private Values() {}

  /** The caller's value as one of the closed set; numbers are widened, collections copied. */
  static Object admit(Object value) {
    return admit(value, 0);
  }

  private static Object admit(Object value, int depth) {
    if (depth > DEPTH) {
      throw TemplateFault.limit("a variable nests deeper than " + DEPTH + " levels");
    }
    return switch (value) {
      case null -> null;
      case String text -> text;
      case Boolean flag -> flag;
      case Integer _, Long _, Short _, Byte _ -> ((Number) value).longValue();
      case BigInteger big -> Numbers.narrow(big);
      case Number number -> number.doubleValue();
      case Map<?, ?> map -> {
        Map<Object, Object> copy = LinkedHashMap.newLinkedHashMap(map.size());
        map.forEach((key, item) -> copy.put(admit(key, depth + 1), admit(item, depth + 1)));
        yield copy;
      }
      case Collection<?> items -> items.stream().map(item -> admit(item, depth + 1)).toList();
      case Optional<?> optional -> admit(optional.orElse(null), depth + 1);
      default ->
          throw runtime(
              "a variable is a " + value.getClass().getSimpleName() + ", not a JSON value");
    };
  }

  static String typeName(Object value) {
    return switch (value) {
      case null -> "NoneType";
      case Boolean _ -> "bool";
      case Long _, BigInteger _ -> "int";
      case Double _ -> "float";
      case String _ -> "str";
      case Tuple _ -> "tuple";
      case Range _ -> "range";
      case List<?> _ -> "list";
      case Map<?, ?> _ -> "dict";
      case View view -> view.kind();
      case Lazy _ -> "generator";
      case Slice _ -> "slice";
      case Undefined _ -> "Undefined";
      case Attributed object -> object.typeName();
      case Callable _ -> "builtin_function_or_method";
      default -> throw new AssertionError(value.getClass());
    };
  }

  static boolean truth(Object value) {
    return switch (value) {
      case null -> false;
      case Boolean flag -> flag;
      case Long number -> number != 0;
      case Double number -> number != 0;
      case String text -> !text.isEmpty();
      case Collection<?> items -> !items.isEmpty();
      case Map<?, ?> map -> !map.isEmpty();
      case View view -> !view.items().isEmpty();
      case Undefined _ -> false;
      default -> true;
    };
  }

  static boolean iterable(Object value) {
    return switch (value) {
      case String _, Collection<?> _, Map<?, ?> _, View _, Lazy _, Undefined _ -> true;
      case null, default -> value instanceof Loop;
    };
  }

  /** The elements of a value, each paid for with a step when it is taken. */
  static Iterator<?> iterate(Object value, Budget budget) {
    if (value instanceof String text) {
      budget.steps(text.length());
    }
    Iterator<?> elements =
        switch (value) {
          case String text -> Text.characters(text).iterator();
          case Collection<?> items -> items.iterator();
          case Map<?, ?> map -> map.keySet().iterator();
          case View view -> view.items().iterator();
          case Lazy lazy -> lazy.elements();
          case Undefined _ -> List.of().iterator();
          case null, default -> throw runtime("'" + typeName(value) + "' object is not iterable");
        };
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

  static List<Object> list(Object value, Budget budget) {
    List<Object> items = new ArrayList<>();
    iterate(value, budget).forEachRemaining(items::add);
    return items;
  }

  static long length(Object value) {
    return switch (value) {
      case String text -> Text.length(text);
      case Collection<?> items -> items.size();
      case Map<?, ?> map -> map.size();
      case View view -> view.items().size();
      case Undefined _ -> 0;
      case Loop loop -> loop.length();
      case null, default -> throw runtime("object of type '" + typeName(value) + "' has no len()");
    };
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
    return switch (value) {
      case Tuple tuple ->
          tuple.stream().noneMatch(item -> item instanceof Map || item instanceof List);
      case Map<?, ?> _, List<?> _, View _, Slice _ -> false;
      case null, default -> true;
    };
  }

  /** A dict's items. */
  static List<Tuple> pairs(Map<?, ?> map) {
    List<Tuple> pairs = new ArrayList<>(map.size());
    map.forEach((key, value) -> pairs.add(Tuple.of(key, value)));
    return pairs;
  }

  static Object call(Object callee, Arguments arguments) {
    if (callee instanceof Callable callable) {
      return callable.call(arguments);
    }
    if (callee instanceof Undefined undefined) {
      throw undefined.fault();
    }
    throw runtime("'" + typeName(callee) + "' object is not callable");
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

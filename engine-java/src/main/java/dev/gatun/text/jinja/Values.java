// Values: what a template can hold, and Python's view of it: type names, truth, iteration, length.
package dev.gatun.text.jinja;

import static dev.gatun.text.jinja.TemplateFault.runtime;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

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
}

// Operators: Python's arithmetic, repetition, equality, order and membership.
package dev.gatun.text.jinja;

import static dev.gatun.text.jinja.TemplateFault.runtime;

import dev.gatun.text.jinja.Globals.Range;
import dev.gatun.text.jinja.Values.Tuple;
import dev.gatun.text.jinja.Values.Undefined;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Objects;

final class Operators {
  private Operators() {}

  static Object binary(String operator, Object left, Object right, Budget budget) {
    if (Numbers.isNumber(left) && Numbers.isNumber(right)) {
      return Numbers.calculate(operator, left, right);
    }
    Values.defined(left);
    if (operator.equals("%") && left instanceof String format) {
      return Format.percent(format, right, budget);
    }
    Values.defined(right);
    if (operator.equals("+")) {
      if (left instanceof String a && right instanceof String b) {
        budget.chars((long) a.length() + b.length());
        return a + b;
      }
      if (concatenable(left, right)) {
        return joined((List<?>) left, (List<?>) right, budget);
      }
    }
    if (operator.equals("*")) {
      if (Numbers.isInteger(right)) {
        return repeat(left, Numbers.index(right), budget);
      }
      if (Numbers.isInteger(left)) {
        return repeat(right, Numbers.index(left), budget);
      }
    }
    throw unsupported(operator.equals("**") ? "** or pow()" : operator, left, right);
  }

  static Object sign(boolean negative, Object value) {
    Values.defined(value);
    if (!Numbers.isNumber(value)) {
      throw runtime(
          "bad operand type for unary "
              + (negative ? "-" : "+")
              + ": '"
              + Values.typeName(value)
              + "'");
    }
    if (negative) {
      return Numbers.negate(value);
    }
    return value instanceof Boolean ? Numbers.index(value) : value;
  }

  private static boolean concatenable(Object left, Object right) {
    boolean lists =
        left instanceof List
            && right instanceof List
            && left instanceof Tuple == right instanceof Tuple;
    return lists && !(left instanceof Range) && !(right instanceof Range);
  }

  private static TemplateFault unsupported(String operator, Object left, Object right) {
    String type = Values.typeName(left);
    if (operator.equals("+")
        && (left instanceof String || left instanceof List && !(left instanceof Range))) {
      return runtime(
          "can only concatenate " + type + " (not \"" + Values.typeName(right) + "\") to " + type);
    }
    if (operator.equals("*") && (left instanceof String || left instanceof List)) {
      return runtime("can't multiply sequence by non-int of type '" + Values.typeName(right) + "'");
    }
    return runtime(
        "unsupported operand type(s) for "
            + operator
            + ": '"
            + Values.typeName(left)
            + "' and '"
            + Values.typeName(right)
            + "'");
  }

  private static List<?> joined(List<?> left, List<?> right, Budget budget) {
    budget.steps((long) left.size() + right.size());
    List<Object> items = new ArrayList<>(left.size() + right.size());
    items.addAll(left);
    items.addAll(right);
    return left instanceof Tuple ? new Tuple(items) : items;
  }

  private static Object repeat(Object value, long count, Budget budget) {
    long times = Math.max(0, count);
    if (value instanceof String text) {
      budget.chars(product(text.length(), times));
      return text.isEmpty() ? "" : text.repeat((int) times);
    }
    if (value instanceof List<?> items && !(value instanceof Range)) {
      budget.steps(product(items.size(), times));
      List<Object> repeated = new ArrayList<>();
      for (long i = 0; i < times && !items.isEmpty(); i++) {
        repeated.addAll(items);
      }
      return items instanceof Tuple ? new Tuple(repeated) : repeated;
    }
    throw runtime("can't multiply sequence by non-int of type '" + Values.typeName(value) + "'");
  }

  private static long product(long size, long times) {
    return size == 0 || times <= Long.MAX_VALUE / 2 / size ? size * times : Long.MAX_VALUE / 2;
  }

  /** One link of a comparison. */
  static boolean compare(String operator, Object left, Object right, Budget budget) {
    return switch (operator) {
      case "==" -> equal(left, right, budget);
      case "!=" -> !equal(left, right, budget);
      case "in" -> contains(right, left, budget);
      case "not in" -> !contains(right, left, budget);
      case "<" -> order(operator, left, right, budget) < 0;
      case "<=" -> order(operator, left, right, budget) <= 0;
      case ">" -> order(operator, left, right, budget) > 0;
      case ">=" -> order(operator, left, right, budget) >= 0;
      default -> throw new AssertionError(operator);
    };
  }

  static boolean equal(Object left, Object right, Budget budget) {
    return equal(left, right, budget, 0);
  }

  private static boolean equal(Object left, Object right, Budget budget, int depth) {
    budget.value(depth);
    if (Numbers.isNumber(left) && Numbers.isNumber(right)) {
      boolean nan = left instanceof Double a && a.isNaN() || right instanceof Double b && b.isNaN();
      return !nan && Numbers.compare(left, right) == 0;
    }
    budget.scan(left);
    if (left instanceof Undefined) {
      return right instanceof Undefined;
    }
    if (left instanceof List<?> items) {
      return right instanceof List<?> others && equal(items, others, budget, depth);
    }
    if (left instanceof Map<?, ?> map) {
      return right instanceof Map<?, ?> other && equal(map, other, budget, depth);
    }
    return Objects.equals(left, right);
  }

  private static boolean equal(List<?> left, List<?> right, Budget budget, int depth) {
    if (left.size() != right.size() || left instanceof Tuple != right instanceof Tuple) {
      return false;
    }
    Iterator<?> others = right.iterator();
    for (Object item : left) {
      if (!equal(item, others.next(), budget, depth + 1)) {
        return false;
      }
    }
    return true;
  }

  private static boolean equal(Map<?, ?> left, Map<?, ?> right, Budget budget, int depth) {
    if (left.size() != right.size()) {
      return false;
    }
    for (Map.Entry<?, ?> entry : left.entrySet()) {
      Object key = entry.getKey();
      if (!right.containsKey(key) || !equal(entry.getValue(), right.get(key), budget, depth + 1)) {
        return false;
      }
    }
    return true;
  }

  /**
   * Below, at or above 0; {@code operator} names what was asked in the error for values without an
   * order.
   */
  static int order(String operator, Object left, Object right, Budget budget) {
    return order(operator, left, right, budget, 0);
  }

  private static int order(String operator, Object left, Object right, Budget budget, int depth) {
    budget.value(depth);
    if (Numbers.isNumber(left) && Numbers.isNumber(right)) {
      return Numbers.compare(left, right);
    }
    if (left instanceof String a && right instanceof String b) {
      budget.scan(a);
      return byCodePoint(a, b);
    }
    if (left instanceof List<?> a
        && right instanceof List<?> b
        && left instanceof Tuple == right instanceof Tuple) {
      for (int i = 0; i < a.size() && i < b.size(); i++) {
        if (!equal(a.get(i), b.get(i), budget, depth + 1)) {
          return order(operator, a.get(i), b.get(i), budget, depth + 1);
        }
      }
      return Integer.compare(a.size(), b.size());
    }
    Values.defined(left);
    Values.defined(right);
    throw runtime(
        "'"
            + operator
            + "' not supported between instances of '"
            + Values.typeName(left)
            + "' and '"
            + Values.typeName(right)
            + "'");
  }

  /** UTF-16 order differs from code point order where surrogates meet the characters above them. */
  private static int byCodePoint(String left, String right) {
    int at = 0;
    int end = Math.min(left.length(), right.length());
    while (at < end && left.charAt(at) == right.charAt(at)) {
      at++;
    }
    if (at == end) {
      return Integer.compare(left.length(), right.length());
    }
    boolean pair = at > 0 && Character.isHighSurrogate(left.charAt(at - 1));
    int from = pair ? at - 1 : at;
    return Integer.compare(left.codePointAt(from), right.codePointAt(from));
  }

  static boolean contains(Object container, Object item, Budget budget) {
    if (container instanceof String text) {
      if (!(item instanceof String part)) {
        throw runtime(
            "'in <string>' requires string as left operand, not " + Values.typeName(item));
      }
      budget.search(text, part);
      return text.contains(part);
    }
    if (container instanceof Map<?, ?> map) {
      return map.containsKey(Values.key(item));
    }
    if (container instanceof Loop || !Values.iterable(container)) {
      throw runtime("argument of type '" + Values.typeName(container) + "' is not iterable");
    }
    for (Iterator<?> i = Values.iterate(container, budget); i.hasNext(); ) {
      if (equal(i.next(), item, budget)) {
        return true;
      }
    }
    return false;
  }
}

// Tests: what may stand behind `is`.
package dev.gatun.text.jinja;

import static dev.gatun.text.jinja.TemplateFault.runtime;

import dev.gatun.text.jinja.Values.Callable;
import dev.gatun.text.jinja.Values.Undefined;
import java.math.BigInteger;
import java.util.List;
import java.util.Map;

final class Tests {
  private Tests() {}

  static boolean apply(String name, Object value, Arguments arguments, Budget budget) {
    budget.scan(value);
    return switch (name) {
      case "==",
          "eq",
          "equalto",
          "!=",
          "ne",
          "<",
          "lt",
          "lessthan",
          "<=",
          "le",
          ">",
          "gt",
          "greaterthan",
          ">=",
          "ge",
          "in" ->
          Operators.compare(operator(name), value, arguments.bind(name, "other").need(0), budget);
      case "sameas" -> same(value, arguments.bind(name, "other").need(0));
      case "divisibleby" -> {
        Object rest = Operators.binary("%", value, arguments.bind(name, "num").need(0), budget);
        yield Operators.equal(rest, 0L, budget);
      }
      default -> {
        arguments.bind(name);
        yield of(name, value, budget);
      }
    };
  }

  private static String operator(String name) {
    return switch (name) {
      case "eq", "equalto" -> "==";
      case "ne" -> "!=";
      case "lt", "lessthan" -> "<";
      case "le" -> "<=";
      case "gt", "greaterthan" -> ">";
      case "ge" -> ">=";
      default -> name;
    };
  }

  /** Tests without arguments. */
  private static boolean of(String name, Object value, Budget budget) {
    return switch (name) {
      case "defined" -> !(value instanceof Undefined);
      case "undefined" -> value instanceof Undefined;
      case "none" -> value == null;
      case "boolean" -> value instanceof Boolean;
      case "true" -> Boolean.TRUE.equals(value);
      case "false" -> Boolean.FALSE.equals(value);
      case "integer" -> value instanceof Long || value instanceof BigInteger;
      case "float" -> value instanceof Double;
      case "number" -> Numbers.isNumber(value);
      case "string" -> value instanceof String;
      case "mapping" -> value instanceof Map;
      case "sequence" ->
          value instanceof String
              || value instanceof List
              || value instanceof Map
              || value instanceof Undefined;
      case "iterable" -> Values.iterable(value);
      case "callable" -> value instanceof Callable || value instanceof Undefined;
      case "odd" -> Operators.equal(Operators.binary("%", value, 2L, budget), 1L, budget);
      case "even" -> Operators.equal(Operators.binary("%", value, 2L, budget), 0L, budget);
      case "lower" ->
          Text.cased(Repr.str(value, budget), Character::isLowerCase, Character::isUpperCase);
      case "upper" ->
          Text.cased(Repr.str(value, budget), Character::isUpperCase, Character::isLowerCase);
      case "escaped" -> false;
      default -> throw runtime("No test named " + Repr.quoted(name) + ".");
    };
  }

  /**
   * Identity; small integers and short strings are one object in Python, so equal ones count as the
   * same.
   */
  private static boolean same(Object value, Object other) {
    return value == other
        || (value instanceof Long || value instanceof String) && value.equals(other);
  }
}

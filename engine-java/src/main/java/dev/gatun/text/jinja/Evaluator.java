// Evaluator: the value of an expression in a scope.
package dev.gatun.text.jinja;

import static dev.gatun.text.jinja.TemplateFault.runtime;

import dev.gatun.text.jinja.Expr.Compare.Link;
import dev.gatun.text.jinja.Expr.Passed;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

final class Evaluator {
  private final Budget budget;

  Evaluator(Budget budget) {
    this.budget = budget;
  }

  Object eval(Expr expr, Scope scope) {
    budget.step();
    budget.enter();
    Object value =
        switch (expr) {
          case Expr.Literal literal -> literal.value();
          case Expr.Name name -> scope.get(name.name());
          case Expr.Attribute attribute ->
              Subscript.attribute(eval(attribute.target(), scope), attribute.name(), budget);
          case Expr.Item item ->
              Subscript.item(eval(item.target(), scope), eval(item.index(), scope), budget);
          case Expr.Slice slice ->
              new Slice(
                  eval(slice.start(), scope), eval(slice.stop(), scope), eval(slice.step(), scope));
          case Expr.Call call -> call(eval(call.callee(), scope), arguments(call.passed(), scope));
          case Expr.Filter filter ->
              Filters.apply(
                  filter.name(),
                  eval(filter.target(), scope),
                  arguments(filter.passed(), scope),
                  budget);
          case Expr.Test test ->
              Tests.apply(
                  test.name(), eval(test.target(), scope), arguments(test.passed(), scope), budget);
          case Expr.Binary binary ->
              Operators.binary(
                  binary.operator(),
                  eval(binary.left(), scope),
                  eval(binary.right(), scope),
                  budget);
          default -> logicOrLiteral(expr, scope);
        };
    budget.leave();
    return value;
  }

  private Object logicOrLiteral(Expr expr, Scope scope) {
    return switch (expr) {
      case Expr.Compare compare -> compare(compare, scope);
      case Expr.And and -> {
        Object left = eval(and.left(), scope);
        yield Values.truth(left) ? eval(and.right(), scope) : left;
      }
      case Expr.Or or -> {
        Object left = eval(or.left(), scope);
        yield Values.truth(left) ? left : eval(or.right(), scope);
      }
      case Expr.Not not -> !Values.truth(eval(not.operand(), scope));
      case Expr.Conditional conditional -> conditional(conditional, scope);
      case Expr.Concat concat -> concat(concat, scope);
      case Expr.Sign sign -> sign(sign.negative(), eval(sign.operand(), scope));
      case Expr.ListOf list -> all(list.items(), scope);
      case Expr.TupleOf tuple -> new Tuple(all(tuple.items(), scope));
      case Expr.DictOf dict -> dict(dict, scope);
      default -> throw new AssertionError(expr.getClass());
    };
  }

  private Object conditional(Expr.Conditional conditional, Scope scope) {
    if (Values.truth(eval(conditional.test(), scope))) {
      return eval(conditional.then(), scope);
    }
    return conditional.otherwise().isPresent()
        ? eval(conditional.otherwise().get(), scope)
        : new Undefined(
            "the inline if-expression evaluated to false and no else section was defined.");
  }

  private boolean compare(Expr.Compare compare, Scope scope) {
    Object left = eval(compare.first(), scope);
    for (Link link : compare.links()) {
      Object right = eval(link.right(), scope);
      if (!Operators.compare(link.operator(), left, right, budget)) {
        return false;
      }
      left = right;
    }
    return true;
  }

  private String concat(Expr.Concat concat, Scope scope) {
    StringBuilder text = new StringBuilder();
    for (Expr part : concat.parts()) {
      String next = Repr.str(eval(part, scope), budget);
      budget.chars(next.length());
      text.append(next);
    }
    return text.toString();
  }

  private static Object sign(boolean negative, Object value) {
    if (value instanceof Undefined undefined) {
      throw undefined.fault();
    }
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

  private List<Object> all(List<Expr> items, Scope scope) {
    List<Object> values = new ArrayList<>(items.size());
    for (Expr item : items) {
      values.add(eval(item, scope));
    }
    return values;
  }

  private Map<Object, Object> dict(Expr.DictOf dict, Scope scope) {
    Map<Object, Object> map = new LinkedHashMap<>();
    for (int i = 0; i < dict.keys().size(); i++) {
      map.put(Values.key(eval(dict.keys().get(i), scope)), eval(dict.values().get(i), scope));
    }
    return map;
  }

  Object call(Object callee, Arguments arguments) {
    return switch (callee) {
      case Callable callable -> callable.call(arguments);
      case Undefined undefined -> throw undefined.fault();
      case null, default ->
          throw runtime("'" + Values.typeName(callee) + "' object is not callable");
    };
  }

  Arguments arguments(Passed passed, Scope scope) {
    if (passed == Passed.NOTHING) {
      return Arguments.NOTHING;
    }
    List<Object> positional = all(passed.positional(), scope);
    Map<String, Object> named = new LinkedHashMap<>();
    for (Passed.Named argument : passed.named()) {
      if (named.put(argument.name(), eval(argument.value(), scope)) != null) {
        throw runtime("keyword argument repeated: " + argument.name());
      }
    }
    passed.star().ifPresent(star -> positional.addAll(Values.list(eval(star, scope), budget)));
    if (passed.doubleStar().isPresent()) {
      if (!(eval(passed.doubleStar().get(), scope) instanceof Map<?, ?> map)) {
        throw runtime("argument after ** must be a mapping");
      }
      budget.steps(map.size());
      map.forEach((key, value) -> named.put(Repr.str(key, budget), value));
    }
    return new Arguments(positional, named);
  }
}

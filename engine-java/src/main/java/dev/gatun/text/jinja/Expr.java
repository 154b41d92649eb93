// Expr: the expressions of a template as records, each of which knows its value in a scope.
package dev.gatun.text.jinja;

import static dev.gatun.text.jinja.TemplateFault.runtime;

import dev.gatun.text.jinja.Values.Slice;
import dev.gatun.text.jinja.Values.Tuple;
import dev.gatun.text.jinja.Values.Undefined;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

sealed interface Expr {
  /** The value, paid for; what every caller asks for. */
  default Object eval(Scope scope) {
    Budget budget = scope.budget();
    budget.step();
    budget.enter();
    Object value = in(scope);
    budget.leave();
    return value;
  }

  /** The value; called by {@link #eval} alone. */
  Object in(Scope scope);

  record Literal(Object value) implements Expr {
    @Override
    public Object in(Scope scope) {
      return value;
    }
  }

  record Name(String name) implements Expr {
    @Override
    public Object in(Scope scope) {
      return scope.get(name);
    }
  }

  record ListOf(List<Expr> items) implements Expr {
    @Override
    public Object in(Scope scope) {
      return values(items, scope);
    }
  }

  record TupleOf(List<Expr> items) implements Expr {
    @Override
    public Object in(Scope scope) {
      return new Tuple(values(items, scope));
    }
  }

  record DictOf(List<Expr> keys, List<Expr> values) implements Expr {
    @Override
    public Object in(Scope scope) {
      Map<Object, Object> map = new LinkedHashMap<>();
      for (int i = 0; i < keys.size(); i++) {
        map.put(Values.key(keys.get(i).eval(scope)), values.get(i).eval(scope));
      }
      return map;
    }
  }

  record Attribute(Expr target, String name) implements Expr {
    @Override
    public Object in(Scope scope) {
      return Subscript.attribute(target.eval(scope), name, scope.budget());
    }
  }

  record Item(Expr target, Expr index) implements Expr {
    @Override
    public Object in(Scope scope) {
      return Subscript.item(target.eval(scope), index.eval(scope), scope.budget());
    }
  }

  /** Only as the index of an {@link Item}; an absent bound is the literal none. */
  record SliceOf(Expr start, Expr stop, Expr step) implements Expr {
    @Override
    public Object in(Scope scope) {
      return new Slice(start.eval(scope), stop.eval(scope), step.eval(scope));
    }
  }

  record Call(Expr callee, Passed passed) implements Expr {
    @Override
    public Object in(Scope scope) {
      return Values.call(callee.eval(scope), passed.in(scope));
    }
  }

  record Filter(Expr target, String name, Passed passed) implements Expr {
    @Override
    public Object in(Scope scope) {
      return Filters.apply(name, target.eval(scope), passed.in(scope), scope.budget());
    }
  }

  record Test(Expr target, String name, Passed passed) implements Expr {
    @Override
    public Object in(Scope scope) {
      return Tests.apply(name, target.eval(scope), passed.in(scope), scope.budget());
    }
  }

  /** {@code +} or {@code -} before an operand. */
  record Sign(boolean negative, Expr operand) implements Expr {
    @Override
    public Object in(Scope scope) {
      return Operators.sign(negative, operand.eval(scope));
    }
  }

  record Binary(String operator, Expr left, Expr right) implements Expr {
    @Override
    public Object in(Scope scope) {
      return Operators.binary(operator, left.eval(scope), right.eval(scope), scope.budget());
    }
  }

  /** {@code a < b <= c}: every link must hold; operands are evaluated once. */
  record Compare(Expr first, List<Link> links) implements Expr {
    record Link(String operator, Expr right) {}

    @Override
    public Object in(Scope scope) {
      Object left = first.eval(scope);
      for (Link link : links) {
        Object right = link.right().eval(scope);
        if (!Operators.compare(link.operator(), left, right, scope.budget())) {
          return false;
        }
        left = right;
      }
      return true;
    }
  }

  record And(Expr left, Expr right) implements Expr {
    @Override
    public Object in(Scope scope) {
      Object value = left.eval(scope);
      return Values.truth(value) ? right.eval(scope) : value;
    }
  }

  record Or(Expr left, Expr right) implements Expr {
    @Override
    public Object in(Scope scope) {
      Object value = left.eval(scope);
      return Values.truth(value) ? value : right.eval(scope);
    }
  }

  record Not(Expr operand) implements Expr {
    @Override
    public Object in(Scope scope) {
      return !Values.truth(operand.eval(scope));
    }
  }

  /** {@code a ~ b ~ c}: the texts joined. */
  record Concat(List<Expr> parts) implements Expr {
    @Override
    public Object in(Scope scope) {
      StringBuilder text = new StringBuilder();
      for (Expr part : parts) {
        String next = Repr.str(part.eval(scope), scope.budget());
        scope.budget().chars(next.length());
        text.append(next);
      }
      return text.toString();
    }
  }

  record Conditional(Expr test, Expr then, Optional<Expr> otherwise) implements Expr {
    @Override
    public Object in(Scope scope) {
      if (Values.truth(test.eval(scope))) {
        return then.eval(scope);
      }
      return otherwise.isPresent()
          ? otherwise.get().eval(scope)
          : new Undefined(
              "the inline if-expression evaluated to false and no else section was defined.");
    }
  }

  /**
   * What stands in a call's parentheses; {@code star} is {@code *args}, {@code doubleStar} is
   * {@code **kwargs}.
   */
  record Passed(
      List<Expr> positional, List<Named> named, Optional<Expr> star, Optional<Expr> doubleStar) {
    static final Passed NOTHING =
        new Passed(List.of(), List.of(), Optional.empty(), Optional.empty());

    record Named(String name, Expr value) {}

    Arguments in(Scope scope) {
      if (this == NOTHING) {
        return Arguments.NOTHING;
      }
      List<Object> values = values(positional, scope);
      Map<String, Object> byName = new LinkedHashMap<>();
      for (Named argument : named) {
        if (byName.put(argument.name(), argument.value().eval(scope)) != null) {
          throw runtime("keyword argument repeated: " + argument.name());
        }
      }
      if (star.isPresent()) {
        values.addAll(Values.list(star.get().eval(scope), scope.budget()));
      }
      if (doubleStar.isPresent()) {
        if (!(doubleStar.get().eval(scope) instanceof Map<?, ?> map)) {
          throw runtime("argument after ** must be a mapping");
        }
        scope.budget().steps(map.size());
        map.forEach((key, value) -> byName.put(Repr.str(key, scope.budget()), value));
      }
      return new Arguments(values, byName);
    }
  }

  private static List<Object> values(List<Expr> items, Scope scope) {
    List<Object> values = new ArrayList<>(items.size());
    for (Expr item : items) {
      values.add(item.eval(scope));
    }
    return values;
  }
}

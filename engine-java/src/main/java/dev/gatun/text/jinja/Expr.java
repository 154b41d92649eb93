// Expr: the expressions of a template as records.
package dev.gatun.text.jinja;

import java.util.List;
import java.util.Optional;

sealed interface Expr {
  record Literal(Object value) implements Expr {}

  record Name(String name) implements Expr {}

  record ListOf(List<Expr> items) implements Expr {}

  record TupleOf(List<Expr> items) implements Expr {}

  record DictOf(List<Expr> keys, List<Expr> values) implements Expr {}

  record Attribute(Expr target, String name) implements Expr {}

  record Item(Expr target, Expr index) implements Expr {}

  /** Only as the index of an {@link Item}; an absent bound is the literal none. */
  record Slice(Expr start, Expr stop, Expr step) implements Expr {}

  record Call(Expr callee, Passed passed) implements Expr {}

  record Filter(Expr target, String name, Passed passed) implements Expr {}

  record Test(Expr target, String name, Passed passed) implements Expr {}

  /** {@code +} or {@code -} before an operand. */
  record Sign(boolean negative, Expr operand) implements Expr {}

  record Binary(String operator, Expr left, Expr right) implements Expr {}

  /** {@code a < b <= c}: every link must hold; operands are evaluated once. */
  record Compare(Expr first, List<Link> links) implements Expr {
    record Link(String operator, Expr right) {}
  }

  record And(Expr left, Expr right) implements Expr {}

  record Or(Expr left, Expr right) implements Expr {}

  record Not(Expr operand) implements Expr {}

  /** {@code a ~ b ~ c}: the texts joined. */
  record Concat(List<Expr> parts) implements Expr {}

  record Conditional(Expr test, Expr then, Optional<Expr> otherwise) implements Expr {}

  /**
   * What stands in a call's parentheses; {@code star} is {@code *args}, {@code doubleStar} is
   * {@code **kwargs}.
   */
  record Passed(
      List<Expr> positional, List<Named> named, Optional<Expr> star, Optional<Expr> doubleStar) {
    static final Passed NOTHING =
        new Passed(List.of(), List.of(), Optional.empty(), Optional.empty());

    record Named(String name, Expr value) {}
  }
}

// ExprParser: expressions with Jinja's precedence, which is not quite Python's.
package dev.gatun.text.jinja;

import dev.gatun.text.jinja.Expr.Compare.Link;
import dev.gatun.text.jinja.Token.Kind;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * From loosest to tightest: {@code if else}, {@code or}, {@code and}, {@code not}, comparisons,
 * {@code + -}, {@code ~}, {@code * / // %}, {@code **} (to the left), signs; filters and tests bind
 * to the operand before them.
 */
final class ExprParser {
  private static final Set<String> COMPARISONS = Set.of("==", "!=", "<", "<=", ">", ">=");
  private static final Set<String> FACTORS = Set.of("*", "/", "//", "%");

  private final Tokens tokens;
  private final OperandParser operands;

  /** Every name read since this was last replaced; a macro's parser looks for the implicit ones. */
  Set<String> namesRead = new HashSet<>();

  ExprParser(Tokens tokens) {
    this.tokens = tokens;
    this.operands = new OperandParser(tokens, this);
  }

  Expr expression() {
    return expression(true);
  }

  Expr expression(boolean conditional) {
    tokens.enter();
    Expr expr = conditional ? conditional() : or();
    tokens.leave();
    return expr;
  }

  /** An expression, or a tuple of them without parentheses. */
  Expr tuple(boolean conditional) {
    Expr first = expression(conditional);
    if (!tokens.atOperator(",")) {
      return first;
    }
    List<Expr> items = new ArrayList<>(List.of(first));
    while (tokens.skipOperator(",") && !atTupleEnd()) {
      items.add(expression(conditional));
    }
    return new Expr.TupleOf(items);
  }

  private boolean atTupleEnd() {
    return tokens.at(Kind.VARIABLE_END)
        || tokens.at(Kind.BLOCK_END)
        || tokens.atOperator(")")
        || tokens.atName("recursive");
  }

  private Expr conditional() {
    Expr then = or();
    while (tokens.skipName("if")) {
      Expr test = or();
      Optional<Expr> otherwise =
          tokens.skipName("else") ? Optional.of(expression()) : Optional.empty();
      then = new Expr.Conditional(test, then, otherwise);
    }
    return then;
  }

  private Expr or() {
    Expr left = and();
    while (tokens.skipName("or")) {
      left = new Expr.Or(left, and());
    }
    return left;
  }

  private Expr and() {
    Expr left = not();
    while (tokens.skipName("and")) {
      left = new Expr.And(left, not());
    }
    return left;
  }

  private Expr not() {
    if (!tokens.atName("not")) {
      return compare();
    }
    tokens.enter();
    tokens.next();
    Expr operand = not();
    tokens.leave();
    return new Expr.Not(operand);
  }

  private Expr compare() {
    Expr first = sum();
    List<Link> links = new ArrayList<>();
    while (true) {
      if (tokens.at(Kind.OPERATOR) && COMPARISONS.contains(tokens.peek().text())) {
        links.add(new Link(tokens.next().text(), sum()));
      } else if (tokens.skipName("in")) {
        links.add(new Link("in", sum()));
      } else if (tokens.atName("not") && tokens.peekNext().name("in")) {
        tokens.next();
        tokens.next();
        links.add(new Link("not in", sum()));
      } else {
        return links.isEmpty() ? first : new Expr.Compare(first, links);
      }
    }
  }

  private Expr sum() {
    Expr left = concat();
    while (tokens.atOperator("+") || tokens.atOperator("-")) {
      left = new Expr.Binary(tokens.next().text(), left, concat());
    }
    return left;
  }

  private Expr concat() {
    Expr first = product();
    if (!tokens.atOperator("~")) {
      return first;
    }
    List<Expr> parts = new ArrayList<>(List.of(first));
    while (tokens.skipOperator("~")) {
      parts.add(product());
    }
    return new Expr.Concat(parts);
  }

  private Expr product() {
    Expr left = power();
    while (tokens.at(Kind.OPERATOR) && FACTORS.contains(tokens.peek().text())) {
      left = new Expr.Binary(tokens.next().text(), left, power());
    }
    return left;
  }

  private Expr power() {
    Expr left = unary(true);
    while (tokens.skipOperator("**")) {
      left = new Expr.Binary("**", left, unary(true));
    }
    return left;
  }

  private Expr unary(boolean filters) {
    Expr operand;
    if (tokens.atOperator("-") || tokens.atOperator("+")) {
      tokens.enter();
      operand = new Expr.Sign(tokens.next().operator("-"), unary(false));
      tokens.leave();
    } else {
      operand = operands.primary();
    }
    operand = operands.postfix(operand);
    return filters ? operands.filters(operand) : operand;
  }

  /** The filter that stands at the cursor, applied to {@code target}. */
  Expr filter(Expr target) {
    return operands.filter(target);
  }
}

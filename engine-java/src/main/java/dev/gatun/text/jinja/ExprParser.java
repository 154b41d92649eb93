// ExprParser: expressions with Jinja's precedence, which is not quite Python's.
package dev.gatun.text.jinja;

import static dev.gatun.text.jinja.TemplateFault.syntax;

import dev.gatun.text.jinja.Expr.Compare.Link;
import dev.gatun.text.jinja.Expr.Passed;
import dev.gatun.text.jinja.Token.Cursor;
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
  private static final Expr NONE = new Expr.Literal(null);
  private static final Set<Kind> OPERANDS =
      Set.of(Kind.NAME, Kind.STRING, Kind.INTEGER, Kind.FLOAT);

  private final Cursor tokens;

  /** Every name read since this was last replaced; a macro's parser looks for the implicit ones. */
  Set<String> namesRead = new HashSet<>();

  ExprParser(Cursor tokens) {
    this.tokens = tokens;
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
      operand = primary();
    }
    operand = postfix(operand);
    return filters ? filters(operand) : operand;
  }

  /** A literal, a name or what stands in brackets. */
  private Expr primary() {
    Token token = tokens.next();
    return switch (token.kind()) {
      case NAME -> name(token.text());
      case STRING -> string(token.text());
      case INTEGER, FLOAT -> new Expr.Literal(token.value());
      case OPERATOR -> bracketed(token);
      default -> throw syntax("unexpected '" + token.describe() + "'", token.line());
    };
  }

  private Expr name(String name) {
    return switch (name) {
      case "true", "True" -> new Expr.Literal(true);
      case "false", "False" -> new Expr.Literal(false);
      case "none", "None" -> NONE;
      default -> {
        namesRead.add(name);
        yield new Expr.Name(name);
      }
    };
  }

  private Expr string(String first) {
    StringBuilder text = new StringBuilder(first);
    while (tokens.at(Kind.STRING)) {
      text.append(tokens.next().text());
    }
    return new Expr.Literal(text.toString());
  }

  private Expr bracketed(Token open) {
    switch (open.text()) {
      case "(" -> {
        Expr inner = tokens.atOperator(")") ? new Expr.TupleOf(List.of()) : tuple(true);
        tokens.expectOperator(")");
        return inner;
      }
      case "[" -> {
        List<Expr> items = new ArrayList<>();
        while (separated("]", items.isEmpty())) {
          items.add(expression());
        }
        return new Expr.ListOf(items);
      }
      case "{" -> {
        List<Expr> keys = new ArrayList<>();
        List<Expr> values = new ArrayList<>();
        while (separated("}", keys.isEmpty())) {
          keys.add(expression());
          tokens.expectOperator(":");
          values.add(expression());
        }
        return new Expr.DictOf(keys, values);
      }
      default -> throw syntax("unexpected '" + open.text() + "'", open.line());
    }
  }

  /** Whether one more item follows; takes the comma before it, or the closing bracket. */
  private boolean separated(String close, boolean first) {
    if (tokens.skipOperator(close)) {
      return false;
    }
    if (!first) {
      tokens.expectOperator(",");
    }
    return !tokens.skipOperator(close);
  }

  /** Attributes, items and calls behind an operand. */
  private Expr postfix(Expr target) {
    Expr expr = target;
    while (true) {
      if (tokens.skipOperator(".")) {
        expr = attribute(expr);
      } else if (tokens.skipOperator("[")) {
        expr = new Expr.Item(expr, index());
      } else if (tokens.atOperator("(")) {
        expr = new Expr.Call(expr, passed());
      } else {
        return expr;
      }
    }
  }

  private Expr attribute(Expr target) {
    Token token = tokens.next();
    return switch (token.kind()) {
      case NAME -> new Expr.Attribute(target, token.text());
      case INTEGER -> new Expr.Item(target, new Expr.Literal(token.value()));
      default -> throw syntax("expected name or number", token.line());
    };
  }

  private Expr index() {
    List<Expr> indexes = new ArrayList<>();
    while (!tokens.skipOperator("]")) {
      if (!indexes.isEmpty()) {
        tokens.expectOperator(",");
      }
      indexes.add(subscript());
    }
    return indexes.size() == 1 ? indexes.getFirst() : new Expr.TupleOf(indexes);
  }

  private Expr subscript() {
    Expr start = tokens.atOperator(":") ? NONE : expression();
    if (!tokens.skipOperator(":")) {
      return start;
    }
    Expr stop = atSliceEnd() ? NONE : expression();
    Expr step = tokens.skipOperator(":") && !atSliceEnd() ? expression() : NONE;
    return new Expr.SliceOf(start, stop, step);
  }

  private boolean atSliceEnd() {
    return tokens.atOperator(":") || tokens.atOperator("]") || tokens.atOperator(",");
  }

  private Expr filters(Expr target) {
    Expr expr = target;
    while (true) {
      if (tokens.skipOperator("|")) {
        expr = filter(expr);
      } else if (tokens.skipName("is")) {
        expr = test(expr);
      } else if (tokens.atOperator("(")) {
        expr = new Expr.Call(expr, passed());
      } else {
        return expr;
      }
    }
  }

  /** The filter that stands at the cursor, applied to {@code target}. */
  Expr filter(Expr target) {
    String name = dottedName();
    return new Expr.Filter(target, name, tokens.atOperator("(") ? passed() : Passed.NOTHING);
  }

  private String dottedName() {
    StringBuilder name = new StringBuilder(tokens.expect(Kind.NAME, "a name").text());
    while (tokens.skipOperator(".")) {
      name.append('.').append(tokens.expect(Kind.NAME, "a name").text());
    }
    return name.toString();
  }

  private Expr test(Expr target) {
    boolean negated = tokens.skipName("not");
    String name = dottedName();
    Passed passed = Passed.NOTHING;
    Token token = tokens.peek();
    if (token.operator("(")) {
      passed = passed();
    } else if (token.name("is")) {
      throw syntax("You cannot chain multiple tests with is", token.line());
    } else if (startsOperand(token)) {
      passed =
          new Passed(List.of(postfix(primary())), List.of(), Optional.empty(), Optional.empty());
    }
    Expr test = new Expr.Test(target, name, passed);
    return negated ? new Expr.Not(test) : test;
  }

  private static boolean startsOperand(Token token) {
    boolean keyword = token.name("else") || token.name("or") || token.name("and");
    return !keyword
        && (OPERANDS.contains(token.kind()) || token.operator("[") || token.operator("{"));
  }

  private Passed passed() {
    return new PassedParser().parse();
  }

  /** What stands between a call's parentheses. */
  private final class PassedParser {
    private final List<Expr> positional = new ArrayList<>();
    private final List<Passed.Named> named = new ArrayList<>();
    private Optional<Expr> star = Optional.empty();
    private Optional<Expr> doubleStar = Optional.empty();

    Passed parse() {
      int line = tokens.expectOperator("(").line();
      while (!tokens.skipOperator(")")) {
        argument(line);
        if (!tokens.atOperator(")")) {
          tokens.expectOperator(",");
        }
      }
      return new Passed(positional, named, star, doubleStar);
    }

    private void argument(int line) {
      if (tokens.skipOperator("*")) {
        require(star.isEmpty() && doubleStar.isEmpty(), line);
        star = Optional.of(expression());
      } else if (tokens.skipOperator("**")) {
        require(doubleStar.isEmpty(), line);
        doubleStar = Optional.of(expression());
      } else if (tokens.at(Kind.NAME) && tokens.peekNext().operator("=")) {
        require(doubleStar.isEmpty(), line);
        String name = tokens.next().text();
        tokens.next();
        named.add(new Passed.Named(name, expression()));
      } else {
        require(star.isEmpty() && doubleStar.isEmpty() && named.isEmpty(), line);
        positional.add(expression());
      }
    }

    private void require(boolean valid, int line) {
      if (!valid) {
        throw syntax("invalid syntax for function call expression", line);
      }
    }
  }
}

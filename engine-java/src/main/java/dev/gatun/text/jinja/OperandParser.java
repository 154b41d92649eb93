// OperandParser: literals, names, brackets and the calls, filters and tests behind them.
package dev.gatun.text.jinja;

import static dev.gatun.text.jinja.TemplateFault.syntax;

import dev.gatun.text.jinja.Expr.Passed;
import dev.gatun.text.jinja.Token.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

final class OperandParser {
  private static final Expr NONE = new Expr.Literal(null);
  private static final Set<Kind> OPERANDS =
      Set.of(Kind.NAME, Kind.STRING, Kind.INTEGER, Kind.FLOAT);

  private final Tokens tokens;
  private final ExprParser expressions;

  OperandParser(Tokens tokens, ExprParser expressions) {
    this.tokens = tokens;
    this.expressions = expressions;
  }

  Expr primary() {
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
        expressions.namesRead.add(name);
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
        Expr inner = tokens.atOperator(")") ? new Expr.TupleOf(List.of()) : expressions.tuple(true);
        tokens.expectOperator(")");
        return inner;
      }
      case "[" -> {
        List<Expr> items = new ArrayList<>();
        while (separated("]", items.isEmpty())) {
          items.add(expressions.expression());
        }
        return new Expr.ListOf(items);
      }
      case "{" -> {
        List<Expr> keys = new ArrayList<>();
        List<Expr> values = new ArrayList<>();
        while (separated("}", keys.isEmpty())) {
          keys.add(expressions.expression());
          tokens.expectOperator(":");
          values.add(expressions.expression());
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

  Expr postfix(Expr target) {
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
    Expr start = tokens.atOperator(":") ? NONE : expressions.expression();
    if (!tokens.skipOperator(":")) {
      return start;
    }
    Expr stop = atSliceEnd() ? NONE : expressions.expression();
    Expr step = tokens.skipOperator(":") && !atSliceEnd() ? expressions.expression() : NONE;
    return new Expr.Slice(start, stop, step);
  }

  private boolean atSliceEnd() {
    return tokens.atOperator(":") || tokens.atOperator("]") || tokens.atOperator(",");
  }

  Expr filters(Expr target) {
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
    return new PassedParser(tokens, expressions).parse();
  }
}

// PassedParser: what stands between a call's parentheses.
package dev.gatun.text.jinja;

import static dev.gatun.text.jinja.TemplateFault.syntax;

import dev.gatun.text.jinja.Expr.Passed;
import dev.gatun.text.jinja.Token.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

final class PassedParser {
  private final Tokens tokens;
  private final ExprParser expressions;
  private final List<Expr> positional = new ArrayList<>();
  private final List<Passed.Named> named = new ArrayList<>();
  private Optional<Expr> star = Optional.empty();
  private Optional<Expr> doubleStar = Optional.empty();

  PassedParser(Tokens tokens, ExprParser expressions) {
    this.tokens = tokens;
    this.expressions = expressions;
  }

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
      star = Optional.of(expressions.expression());
    } else if (tokens.skipOperator("**")) {
      require(doubleStar.isEmpty(), line);
      doubleStar = Optional.of(expressions.expression());
    } else if (tokens.at(Kind.NAME) && tokens.peekNext().operator("=")) {
      require(doubleStar.isEmpty(), line);
      String name = tokens.next().text();
      tokens.next();
      named.add(new Passed.Named(name, expressions.expression()));
    } else {
      require(star.isEmpty() && doubleStar.isEmpty() && named.isEmpty(), line);
      positional.add(expressions.expression());
    }
  }

  private static void require(boolean valid, int line) {
    if (!valid) {
      throw syntax("invalid syntax for function call expression", line);
    }
  }
}

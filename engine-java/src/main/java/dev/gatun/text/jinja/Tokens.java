// Tokens: a cursor over a template's tokens that also bounds how deep the source nests.
package dev.gatun.text.jinja;

import static dev.gatun.text.jinja.TemplateFault.syntax;

import dev.gatun.text.jinja.Token.Kind;
import java.util.List;

final class Tokens {
  /** Nested brackets, unary operators and blocks; Python itself gives up at about a hundred. */
  private static final int DEPTH = 200;

  private final List<Token> tokens;
  private int at;
  private int depth;

  Tokens(List<Token> tokens) {
    this.tokens = tokens;
  }

  Token peek() {
    return tokens.get(at);
  }

  Token peekNext() {
    return tokens.get(Math.min(at + 1, tokens.size() - 1));
  }

  Token next() {
    Token token = tokens.get(at);
    if (token.kind() != Kind.END) {
      at++;
    }
    return token;
  }

  boolean at(Kind kind) {
    return peek().kind() == kind;
  }

  boolean atOperator(String symbol) {
    return peek().operator(symbol);
  }

  boolean atName(String word) {
    return peek().name(word);
  }

  boolean skipOperator(String symbol) {
    return skip(atOperator(symbol));
  }

  boolean skipName(String word) {
    return skip(atName(word));
  }

  private boolean skip(boolean found) {
    if (found) {
      next();
    }
    return found;
  }

  Token expect(Kind kind, String expected) {
    return expect(at(kind), expected);
  }

  Token expectOperator(String symbol) {
    return expect(atOperator(symbol), "'" + symbol + "'");
  }

  private Token expect(boolean found, String expected) {
    if (!found) {
      throw syntax("expected " + expected + ", got '" + peek().describe() + "'", peek().line());
    }
    return next();
  }

  void enter() {
    if (++depth > DEPTH) {
      throw syntax("the source nests deeper than " + DEPTH + " levels", peek().line());
    }
  }

  void leave() {
    depth--;
  }
}

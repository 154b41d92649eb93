// Token: one lexical unit of a template, and the cursor that the parsers read with.
package dev.gatun.text.jinja;

import static dev.gatun.text.jinja.TemplateFault.syntax;

import java.util.List;

/**
 * @param text the characters; of a STRING the value after escapes
 * @param value the number of an INTEGER (Long or BigInteger) or a FLOAT (Double); the text
 *     otherwise
 * @param line from 1
 */
record Token(Kind kind, String text, Object value, int line) {
  enum Kind {
    DATA,
    VARIABLE_BEGIN,
    VARIABLE_END,
    BLOCK_BEGIN,
    BLOCK_END,
    NAME,
    STRING,
    INTEGER,
    FLOAT,
    OPERATOR,
    END
  }

  boolean operator(String symbol) {
    return kind == Kind.OPERATOR && text.equals(symbol);
  }

  boolean name(String word) {
    return kind == Kind.NAME && text.equals(word);
  }

  String describe() {
    return switch (kind) {
      case END -> "end of template";
      case VARIABLE_END -> "end of print statement";
      case BLOCK_END -> "end of statement block";
      default -> text;
    };
  }

  /** Reads tokens one after another, and bounds how deep the source nests. */
  static final class Cursor {
    /** Nested brackets, unary operators and blocks; Python itself gives up at about a hundred. */
    private static final int DEPTH = 200;

    private final List<Token> tokens;
    private int at;
    private int depth;

    Cursor(List<Token> tokens) {
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
}

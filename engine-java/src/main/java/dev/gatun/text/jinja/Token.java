// Token: one lexical unit of a template.
package dev.gatun.text.jinja;

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
}

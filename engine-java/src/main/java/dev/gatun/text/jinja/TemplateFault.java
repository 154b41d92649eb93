// TemplateFault: what went wrong inside a template, in Jinja2's words, and on which line.
package dev.gatun.text.jinja;

/**
 * Thrown by the lexer, the parser and the interpreter. {@link Template} lets it out; {@code
 * text.ChatTemplate} turns it into a refusal. It carries no stack trace: the fault lies in the
 * template, not in this code.
 */
public final class TemplateFault extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** Who is to blame. */
  public enum Kind {
    /** The source is not Jinja. */
    SYNTAX,
    /** An operation failed: an undefined value, a wrong type, an unknown filter. */
    RUNTIME,
    /** The template called {@code raise_exception}. */
    RAISED,
    /** The sandbox stopped it: too many steps, too much text, too deep. */
    LIMIT
  }

  private final Kind kind;
  private final int line;

  TemplateFault(Kind kind, String message, int line) {
    super(message, null, false, false);
    this.kind = kind;
    this.line = line;
  }

  static TemplateFault runtime(String message) {
    return new TemplateFault(Kind.RUNTIME, message, 0);
  }

  static TemplateFault limit(String message) {
    return new TemplateFault(Kind.LIMIT, message, 0);
  }

  static TemplateFault syntax(String message, int line) {
    return new TemplateFault(Kind.SYNTAX, message, line);
  }

  TemplateFault at(int statementLine) {
    return line > 0 ? this : new TemplateFault(kind, getMessage(), statementLine);
  }

  public Kind kind() {
    return kind;
  }

  /** The line of the source, from 1; 0 where none is known. */
  public int line() {
    return line;
  }
}

// Template: a parsed template, ready to render any number of times.
package dev.gatun.text.jinja;

import java.time.Clock;
import java.util.List;
import java.util.Map;

/**
 * Jinja as Hugging Face's transformers runs it: Jinja2's immutable sandbox with {@code
 * trim_blocks}, {@code lstrip_blocks}, {@code break} and {@code continue}, a {@code tojson} that
 * escapes no HTML, {@code raise_exception}, {@code strftime_now} and {@code generation} blocks.
 * Immutable; threads may share one.
 */
public final class Template {
  private static final int MAX_SOURCE = 4_000_000;

  private final List<Stmt> body;

  private Template(List<Stmt> body) {
    this.body = body;
  }

  /**
   * @param source at most 4 million characters
   * @throws TemplateFault if it is not Jinja, or needs other templates
   */
  public static Template of(String source) {
    if (source.length() > MAX_SOURCE) {
      throw TemplateFault.limit("a source of " + source.length() + " characters");
    }
    return new Template(Parser.parse(source));
  }

  /**
   * @param variables null, Boolean, Number, String, Collection and Map values; anything else is
   *     refused
   * @param clock what {@code strftime_now} reads
   * @throws TemplateFault if the template fails, raises an exception itself, or does more than the
   *     sandbox allows
   */
  public String render(Map<String, ?> variables, Clock clock) {
    Scope globals = Scope.outermost(new Budget());
    Globals.define(globals, clock);
    Scope scope = globals.inner();
    variables.forEach((name, value) -> scope.set(name, Values.admit(value)));
    try {
      return Stmt.text(body, scope);
    } catch (StackOverflowError tooDeep) {
      // The budget bounds the depth for a stack of 1 MiB; the caller's may be smaller or nearly
      // used up.
      throw TemplateFault.limit("the template nests deeper than the stack");
    }
  }
}

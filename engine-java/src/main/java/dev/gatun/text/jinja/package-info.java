// package-info: Jinja as chat templates need it, and where each part of it stands.
/**
 * Jinja as chat templates need it, without a library. A source becomes tokens, then statements that
 * carry themselves out:
 *
 * <pre>
 * Template       parses once, renders any number of times; what goes wrong is a TemplateFault
 *   Lexer        source to tokens          Token    one of them, and the parsers' cursor
 *   Parser       tokens to statements      ExprParser  tokens to expressions
 *   Stmt, Expr   what was parsed, and what it does in a Scope, paid for out of a Budget
 *   Loop, Macro  the variable loop, and a template's own functions
 *
 * Values         what a variable can hold, and Python's view of it
 *   Globals      range, namespace and the other functions that every template finds
 *   Arguments    what a call passes, matched to parameters
 *   Operators    + == &lt; in              Numbers  arithmetic, int, float, round
 *   Subscript    the dot and the brackets, the methods of list and dict
 *   StringMethods  the methods of str      Text     strings as code points
 *   Filters, SequenceFilters               Tests    behind is
 *   Repr, JsonText, Format, Strftime       values, JSON, % and str.format, dates as text
 * </pre>
 *
 * Types are told apart by {@code instanceof}, not by a switch over patterns: the JVM makes a class
 * for each such switch when it first comes to it, and no cache of classes keeps it, so the fourteen
 * that a first prompt met took a third of its time.
 */
package dev.gatun.text.jinja;

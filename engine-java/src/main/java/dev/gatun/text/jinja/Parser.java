// Parser: a template's tokens as statements.
package dev.gatun.text.jinja;

import static dev.gatun.text.jinja.TemplateFault.syntax;

import dev.gatun.text.jinja.Stmt.If.Branch;
import dev.gatun.text.jinja.Stmt.Signature;
import dev.gatun.text.jinja.Stmt.Target;
import dev.gatun.text.jinja.Token.Cursor;
import dev.gatun.text.jinja.Token.Kind;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Jinja's statements without those that need other templates, and with {@code break}, {@code
 * continue}, {@code generation}.
 */
final class Parser {
  private static final Set<String> IMPLICIT = Set.of("varargs", "kwargs", "caller");
  private static final Set<String> CONSTANTS =
      Set.of("true", "True", "false", "False", "none", "None");

  private final Cursor tokens;
  private final ExprParser expressions;
  private int loops;

  private Parser(Cursor tokens) {
    this.tokens = tokens;
    this.expressions = new ExprParser(tokens);
  }

  static List<Stmt> parse(String source) {
    Parser parser = new Parser(new Cursor(Lexer.tokens(source)));
    return parser.body(List.of());
  }

  /**
   * Statements up to a tag named in {@code ends}, whose name is then the next token; up to the end
   * if there are none.
   */
  private List<Stmt> body(List<String> ends) {
    tokens.enter();
    List<Stmt> body = new ArrayList<>();
    while (!tokens.at(Kind.END)) {
      Token token = tokens.next();
      switch (token.kind()) {
        case DATA -> body.add(new Stmt.Data(token.text(), token.line()));
        case VARIABLE_BEGIN -> {
          body.add(new Stmt.Output(expressions.tuple(true), token.line()));
          tokens.expect(Kind.VARIABLE_END, "end of print statement");
        }
        default -> {
          if (tokens.at(Kind.NAME) && ends.contains(tokens.peek().text())) {
            tokens.leave();
            return body;
          }
          body.add(statement());
          tokens.expect(Kind.BLOCK_END, "end of statement block");
        }
      }
    }
    if (!ends.isEmpty()) {
      throw syntax(
          "Unexpected end of template. Jinja was looking for " + String.join(" or ", ends),
          tokens.peek().line());
    }
    tokens.leave();
    return body;
  }

  /** The rest of a tag, the body behind it, and the name of the tag that ends it. */
  private List<Stmt> block(String... ends) {
    tokens.skipOperator(":");
    tokens.expect(Kind.BLOCK_END, "end of statement block");
    return body(List.of(ends));
  }

  private List<Stmt> blockUntil(String end) {
    List<Stmt> body = block(end);
    tokens.next();
    return body;
  }

  private Stmt statement() {
    Token tag = tokens.expect(Kind.NAME, "a tag name");
    int line = tag.line();
    return switch (tag.text()) {
      case "if" -> ifElse(line);
      case "for" -> forIn(line);
      case "set" -> set(line);
      case "macro" -> macro(line);
      case "call" -> call(line);
      case "with" -> with(line);
      case "print" -> print(line);
      case "filter" -> {
        Expr filtered = filters();
        yield new Stmt.FilterBlock(filtered, blockUntil("endfilter"), line);
      }
      case "generation" -> new Stmt.Scoped(function(() -> blockUntil("endgeneration")), line);
      case "block" -> namedBlock(line);
      case "break", "continue" -> jump(tag);
      case "extends", "include", "import", "from" ->
          throw syntax(
              "'" + tag.text() + "' needs other templates, and a checkpoint has one", line);
      default -> throw syntax("Encountered unknown tag '" + tag.text() + "'.", line);
    };
  }

  /** Each expression is printed; unlike between double braces, commas make no tuple. */
  private Stmt print(int line) {
    List<Expr> values = new ArrayList<>(List.of(expressions.expression()));
    while (tokens.skipOperator(",")) {
      values.add(expressions.expression());
    }
    return new Stmt.Output(new Expr.Concat(values), line);
  }

  private Stmt jump(Token tag) {
    if (loops == 0) {
      throw syntax("'" + tag.text() + "' outside loop", tag.line());
    }
    return tag.name("break") ? new Stmt.Break(tag.line()) : new Stmt.Continue(tag.line());
  }

  private Stmt ifElse(int line) {
    List<Branch> branches = new ArrayList<>();
    String end;
    do {
      Expr test = expressions.tuple(false);
      branches.add(new Branch(test, block("elif", "else", "endif")));
      end = tokens.next().text();
    } while (end.equals("elif"));
    List<Stmt> otherwise = end.equals("else") ? blockUntil("endif") : List.of();
    return new Stmt.If(branches, otherwise, line);
  }

  private Stmt forIn(int line) {
    Target target = target(false);
    if (!tokens.skipName("in")) {
      throw syntax("expected 'in', got '" + tokens.peek().describe() + "'", line);
    }
    Expr items = expressions.tuple(false);
    Optional<Expr> filter =
        tokens.skipName("if") ? Optional.of(expressions.expression()) : Optional.empty();
    boolean recursive = tokens.skipName("recursive");
    loops++;
    List<Stmt> body = block("endfor", "else");
    loops--;
    List<Stmt> otherwise = tokens.next().name("else") ? blockUntil("endfor") : List.of();
    return new Stmt.For(target, items, filter, recursive, body, otherwise, line);
  }

  private Stmt set(int line) {
    Target target = target(true);
    if (tokens.skipOperator("=")) {
      return new Stmt.Assign(target, expressions.tuple(true), line);
    }
    Expr filtered = tokens.skipOperator("|") ? filters() : new Expr.Name(Stmt.BODY);
    return new Stmt.AssignBlock(target, filtered, blockUntil("endset"), line);
  }

  private Expr filters() {
    Expr filtered = expressions.filter(new Expr.Name(Stmt.BODY));
    while (tokens.skipOperator("|")) {
      filtered = expressions.filter(filtered);
    }
    return filtered;
  }

  private Stmt macro(int line) {
    String name = tokens.expect(Kind.NAME, "a name").text();
    var parameters = new Parameters();
    parameters.parse();
    List<Stmt> body = function(() -> blockUntil("endmacro"));
    return new Stmt.DefineMacro(name, parameters.signature(), body, line);
  }

  private Stmt call(int line) {
    var parameters = new Parameters();
    if (tokens.atOperator("(")) {
      parameters.parse();
    }
    if (!(expressions.expression() instanceof Expr.Call call)) {
      throw syntax("expected call", line);
    }
    List<Stmt> body = function(() -> blockUntil("endcall"));
    return new Stmt.CallBlock(call, parameters.signature(), body, line);
  }

  private Stmt with(int line) {
    List<Target> targets = new ArrayList<>();
    List<Expr> values = new ArrayList<>();
    while (!tokens.at(Kind.BLOCK_END)) {
      if (!targets.isEmpty()) {
        tokens.expectOperator(",");
      }
      targets.add(target(false));
      tokens.expectOperator("=");
      values.add(expressions.expression());
    }
    return new Stmt.With(targets, values, blockUntil("endwith"), line);
  }

  private Stmt namedBlock(int line) {
    String name = tokens.expect(Kind.NAME, "a name").text();
    List<Stmt> body = function(() -> blockUntil("endblock"));
    tokens.skipName(name);
    return new Stmt.Scoped(body, line);
  }

  private Target target(boolean field) {
    Target first = oneTarget(field);
    if (!tokens.atOperator(",")) {
      return first;
    }
    List<Target> targets = new ArrayList<>(List.of(first));
    while (tokens.skipOperator(",")
        && (tokens.at(Kind.NAME) && !tokens.atName("in") || tokens.atOperator("("))) {
      targets.add(oneTarget(field));
    }
    return new Target.Unpacked(targets);
  }

  private Target oneTarget(boolean field) {
    if (tokens.skipOperator("(")) {
      tokens.enter();
      Target inner = target(field);
      tokens.expectOperator(")");
      tokens.leave();
      return inner;
    }
    Token name = tokens.expect(Kind.NAME, "a name to assign to");
    if (CONSTANTS.contains(name.text())) {
      throw syntax("can't assign to '" + name.text() + "'", name.line());
    }
    return field && tokens.skipOperator(".")
        ? new Target.Field(name.text(), tokens.expect(Kind.NAME, "a name").text())
        : new Target.Variable(name.text());
  }

  private interface Body {
    List<Stmt> parse();
  }

  /** A body that is a function of its own: a loop around it is out of its reach. */
  private List<Stmt> function(Body body) {
    int outside = loops;
    loops = 0;
    List<Stmt> statements = body.parse();
    loops = outside;
    return statements;
  }

  /**
   * A macro's parameters; {@link #signature} is called after the body, which tells the implicit
   * ones.
   */
  private final class Parameters {
    private final List<String> names = new ArrayList<>();
    private final List<Expr> defaults = new ArrayList<>();
    private final Set<String> outside = expressions.namesRead;

    Parameters() {
      expressions.namesRead = new HashSet<>();
    }

    void parse() {
      tokens.expectOperator("(");
      while (!tokens.skipOperator(")")) {
        if (!names.isEmpty()) {
          tokens.expectOperator(",");
        }
        Token name = tokens.expect(Kind.NAME, "a name");
        names.add(name.text());
        if (tokens.skipOperator("=")) {
          defaults.add(expressions.expression());
        } else if (!defaults.isEmpty()) {
          throw syntax("non-default argument follows default argument", name.line());
        }
      }
    }

    Signature signature() {
      Set<String> implicit = new HashSet<>(expressions.namesRead);
      implicit.retainAll(IMPLICIT);
      names.forEach(implicit::remove);
      outside.addAll(expressions.namesRead);
      expressions.namesRead = outside;
      return new Signature(names, defaults, implicit);
    }
  }
}

// Stmt: the statements of a template as records; `line` is where the tag stands, from 1.
package dev.gatun.text.jinja;

import java.util.List;
import java.util.Optional;
import java.util.Set;

sealed interface Stmt {
  /** The name under which a block's rendered body enters its filters; no template can spell it. */
  String BODY = "the body";

  int line();

  record Data(String text, int line) implements Stmt {}

  record Output(Expr value, int line) implements Stmt {}

  record If(List<Branch> branches, List<Stmt> otherwise, int line) implements Stmt {
    record Branch(Expr test, List<Stmt> body) {}
  }

  record For(
      Target target,
      Expr items,
      Optional<Expr> filter,
      boolean recursive,
      List<Stmt> body,
      List<Stmt> otherwise,
      int line)
      implements Stmt {}

  record Assign(Target target, Expr value, int line) implements Stmt {}

  /** {@code filtered} reads the rendered body as the variable {@link #BODY}. */
  record AssignBlock(Target target, Expr filtered, List<Stmt> body, int line) implements Stmt {}

  record FilterBlock(Expr filtered, List<Stmt> body, int line) implements Stmt {}

  record DefineMacro(String name, Signature signature, List<Stmt> body, int line) implements Stmt {}

  record CallBlock(Expr.Call call, Signature signature, List<Stmt> body, int line)
      implements Stmt {}

  record With(List<Target> targets, List<Expr> values, List<Stmt> body, int line) implements Stmt {}

  /** A body with variables of its own: {@code generation}, {@code block}. */
  record Scoped(List<Stmt> body, int line) implements Stmt {}

  record Break(int line) implements Stmt {}

  record Continue(int line) implements Stmt {}

  /**
   * A macro's parameters; the last {@code defaults.size()} of them have a default.
   *
   * @param implicit those of {@code varargs}, {@code kwargs} and {@code caller} that the body
   *     reads: only a macro that reads them takes surplus arguments or a caller
   */
  record Signature(List<String> names, List<Expr> defaults, Set<String> implicit) {}

  /** What an assignment writes to. */
  sealed interface Target {
    record Variable(String name) implements Target {}

    record Unpacked(List<Target> targets) implements Target {}

    record Field(String namespace, String name) implements Target {}
  }
}

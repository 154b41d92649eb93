// Stmt: the statements of a template as records, each of which carries itself out.
package dev.gatun.text.jinja;

import static dev.gatun.text.jinja.TemplateFault.runtime;

import dev.gatun.text.jinja.Globals.Namespace;
import dev.gatun.text.jinja.Values.Callable;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Loop bodies, macros and blocks have variables of their own; an {@code if} has not. */
sealed interface Stmt {
  /** The name under which a block's rendered body enters its filters; no template can spell it. */
  String BODY = "the body";

  /** What comes after a statement. */
  enum Flow {
    NEXT,
    BREAK,
    CONTINUE
  }

  /** Where the tag stands, from 1. */
  int line();

  /** Carries the statement out and appends what it prints; called by {@link #run} alone. */
  Flow in(Scope scope, StringBuilder out);

  static Flow run(List<Stmt> body, Scope scope, StringBuilder out) {
    Budget budget = scope.budget();
    for (Stmt statement : body) {
      Flow flow;
      try {
        budget.step();
        budget.enter();
        flow = statement.in(scope, out);
        budget.leave();
      } catch (TemplateFault fault) {
        throw fault.at(statement.line());
      }
      if (flow != Flow.NEXT) {
        return flow;
      }
    }
    return Flow.NEXT;
  }

  /** What the statements print. */
  static String text(List<Stmt> body, Scope scope) {
    StringBuilder out = new StringBuilder();
    run(body, scope, out);
    return out.toString();
  }

  private static Flow print(String text, Scope scope, StringBuilder out) {
    scope.budget().chars(text.length());
    out.append(text);
    return Flow.NEXT;
  }

  /** The filters' value over what the body prints. */
  private static Object filtered(Expr filters, List<Stmt> body, Scope scope) {
    Scope inner = scope.inner();
    String text = text(body, inner);
    inner.set(BODY, text);
    return filters.eval(inner);
  }

  record Data(String text, int line) implements Stmt {
    @Override
    public Flow in(Scope scope, StringBuilder out) {
      return print(text, scope, out);
    }
  }

  record Output(Expr value, int line) implements Stmt {
    @Override
    public Flow in(Scope scope, StringBuilder out) {
      return print(Repr.str(value.eval(scope), scope.budget()), scope, out);
    }
  }

  record If(List<Branch> branches, List<Stmt> otherwise, int line) implements Stmt {
    record Branch(Expr test, List<Stmt> body) {}

    @Override
    public Flow in(Scope scope, StringBuilder out) {
      for (Branch branch : branches) {
        if (Values.truth(branch.test().eval(scope))) {
          return run(branch.body(), scope, out);
        }
      }
      return run(otherwise, scope, out);
    }
  }

  record For(
      Target target,
      Expr items,
      Optional<Expr> filter,
      boolean recursive,
      List<Stmt> body,
      List<Stmt> otherwise,
      int line)
      implements Stmt {
    @Override
    public Flow in(Scope scope, StringBuilder out) {
      rounds(items.eval(scope), 1, scope, out);
      return Flow.NEXT;
    }

    private void rounds(Object over, int depth, Scope scope, StringBuilder out) {
      List<Object> taken = taken(over, scope);
      Optional<Callable> recurse =
          recursive
              ? Optional.of(arguments -> nested(arguments, depth + 1, scope))
              : Optional.empty();
      Loop loop = new Loop(taken, depth, recurse, scope.budget());
      while (loop.hasNext()) {
        Scope round = scope.inner();
        round.set("loop", loop);
        target.assign(loop.next(), round);
        if (run(body, round, out) == Flow.BREAK) {
          return;
        }
      }
      if (taken.isEmpty()) {
        run(otherwise, scope.inner(), out);
      }
    }

    private String nested(Arguments arguments, int depth, Scope scope) {
      StringBuilder out = new StringBuilder();
      rounds(arguments.bind("loop", "iterable").need(0), depth, scope, out);
      return out.toString();
    }

    private List<Object> taken(Object over, Scope scope) {
      List<Object> taken = new ArrayList<>();
      for (Iterator<?> i = Values.iterate(over, scope.budget()); i.hasNext(); ) {
        Object item = i.next();
        if (filter.isPresent()) {
          Scope round = scope.inner();
          target.assign(item, round);
          if (!Values.truth(filter.get().eval(round))) {
            continue;
          }
        }
        taken.add(item);
      }
      return taken;
    }
  }

  record Assign(Target target, Expr value, int line) implements Stmt {
    @Override
    public Flow in(Scope scope, StringBuilder out) {
      target.assign(value.eval(scope), scope);
      return Flow.NEXT;
    }
  }

  /** {@code filtered} reads the rendered body as the variable {@link #BODY}. */
  record AssignBlock(Target target, Expr filters, List<Stmt> body, int line) implements Stmt {
    @Override
    public Flow in(Scope scope, StringBuilder out) {
      target.assign(filtered(filters, body, scope), scope);
      return Flow.NEXT;
    }
  }

  record FilterBlock(Expr filters, List<Stmt> body, int line) implements Stmt {
    @Override
    public Flow in(Scope scope, StringBuilder out) {
      return print(Repr.str(filtered(filters, body, scope), scope.budget()), scope, out);
    }
  }

  record DefineMacro(String name, Signature signature, List<Stmt> body, int line) implements Stmt {
    @Override
    public Flow in(Scope scope, StringBuilder out) {
      scope.set(name, new Macro(name, signature, body, scope));
      return Flow.NEXT;
    }
  }

  record CallBlock(Expr.Call call, Signature signature, List<Stmt> body, int line) implements Stmt {
    @Override
    public Flow in(Scope scope, StringBuilder out) {
      Macro caller = new Macro("caller", signature, body, scope);
      Object callee = call.callee().eval(scope);
      Arguments passed = call.passed().in(scope);
      Map<String, Object> named = new LinkedHashMap<>(passed.named());
      named.put("caller", caller);
      Object result = Values.call(callee, new Arguments(passed.positional(), named));
      return print(Repr.str(result, scope.budget()), scope, out);
    }
  }

  record With(List<Target> targets, List<Expr> values, List<Stmt> body, int line) implements Stmt {
    @Override
    public Flow in(Scope scope, StringBuilder out) {
      Scope inner = scope.inner();
      for (int i = 0; i < targets.size(); i++) {
        targets.get(i).assign(values.get(i).eval(scope), inner);
      }
      return run(body, inner, out);
    }
  }

  /** A body with variables of its own: {@code generation}, {@code block}. */
  record Scoped(List<Stmt> body, int line) implements Stmt {
    @Override
    public Flow in(Scope scope, StringBuilder out) {
      return run(body, scope.inner(), out);
    }
  }

  record Break(int line) implements Stmt {
    @Override
    public Flow in(Scope scope, StringBuilder out) {
      return Flow.BREAK;
    }
  }

  record Continue(int line) implements Stmt {
    @Override
    public Flow in(Scope scope, StringBuilder out) {
      return Flow.CONTINUE;
    }
  }

  /**
   * A macro's parameters; the last {@code defaults.size()} of them have a default.
   *
   * @param implicit those of {@code varargs}, {@code kwargs} and {@code caller} that the body
   *     reads: only a macro that reads them takes surplus arguments or a caller
   */
  record Signature(List<String> names, List<Expr> defaults, Set<String> implicit) {}

  /** What an assignment writes to. */
  sealed interface Target {
    void assign(Object value, Scope scope);

    record Variable(String name) implements Target {
      @Override
      public void assign(Object value, Scope scope) {
        scope.set(name, value);
      }
    }

    record Field(String namespace, String name) implements Target {
      @Override
      public void assign(Object value, Scope scope) {
        if (!(scope.get(namespace) instanceof Namespace owner)) {
          throw runtime("cannot assign attribute on non-namespace object");
        }
        owner.fields().put(name, value);
      }
    }

    record Unpacked(List<Target> targets) implements Target {
      @Override
      public void assign(Object value, Scope scope) {
        List<Object> values = Values.list(value, scope.budget());
        if (values.size() > targets.size()) {
          throw runtime("too many values to unpack (expected " + targets.size() + ")");
        }
        if (values.size() < targets.size()) {
          throw runtime(
              "not enough values to unpack (expected "
                  + targets.size()
                  + ", got "
                  + values.size()
                  + ")");
        }
        for (int i = 0; i < targets.size(); i++) {
          targets.get(i).assign(values.get(i), scope);
        }
      }
    }
  }
}

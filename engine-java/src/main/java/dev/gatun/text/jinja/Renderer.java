// Renderer: carries out a template's statements.
package dev.gatun.text.jinja;

import static dev.gatun.text.jinja.TemplateFault.runtime;

import dev.gatun.text.jinja.Stmt.Target;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * One rendering. Loop bodies, macros and blocks have variables of their own; an {@code if} has not.
 */
final class Renderer {
  private enum Flow {
    NEXT,
    BREAK,
    CONTINUE
  }

  private final Budget budget;
  private final Evaluator evaluator;

  Renderer(Budget budget) {
    this.budget = budget;
    this.evaluator = new Evaluator(budget);
  }

  /** What the statements print. */
  String text(List<Stmt> body, Scope scope) {
    StringBuilder out = new StringBuilder();
    run(body, scope, out);
    return out.toString();
  }

  Object evaluate(Expr expr, Scope scope) {
    return evaluator.eval(expr, scope);
  }

  private Flow run(List<Stmt> body, Scope scope, StringBuilder out) {
    for (Stmt statement : body) {
      Flow flow;
      try {
        flow = run(statement, scope, out);
      } catch (TemplateFault fault) {
        throw fault.at(statement.line());
      }
      if (flow != Flow.NEXT) {
        return flow;
      }
    }
    return Flow.NEXT;
  }

  private Flow run(Stmt statement, Scope scope, StringBuilder out) {
    budget.step();
    budget.enter();
    Flow flow = Flow.NEXT;
    switch (statement) {
      case Stmt.Data data -> print(data.text(), out);
      case Stmt.Output output -> print(Repr.str(evaluate(output.value(), scope), budget), out);
      case Stmt.If choice -> flow = choose(choice, scope, out);
      case Stmt.For loop -> loop(loop, scope, out);
      case Stmt.Assign assign -> assign(assign.target(), evaluate(assign.value(), scope), scope);
      case Stmt.AssignBlock block ->
          assign(block.target(), filtered(block.filtered(), block.body(), scope), scope);
      case Stmt.FilterBlock block ->
          print(Repr.str(filtered(block.filtered(), block.body(), scope), budget), out);
      case Stmt.DefineMacro macro ->
          scope.set(
              macro.name(), new Macro(macro.name(), macro.signature(), macro.body(), scope, this));
      case Stmt.CallBlock block -> callWithBody(block, scope, out);
      case Stmt.With with -> flow = with(with, scope, out);
      case Stmt.Scoped block -> flow = run(block.body(), scope.inner(), out);
      case Stmt.Break _ -> flow = Flow.BREAK;
      case Stmt.Continue _ -> flow = Flow.CONTINUE;
    }
    budget.leave();
    return flow;
  }

  private void print(String text, StringBuilder out) {
    budget.chars(text.length());
    out.append(text);
  }

  private Flow choose(Stmt.If choice, Scope scope, StringBuilder out) {
    for (Stmt.If.Branch branch : choice.branches()) {
      if (Values.truth(evaluate(branch.test(), scope))) {
        return run(branch.body(), scope, out);
      }
    }
    return run(choice.otherwise(), scope, out);
  }

  private void loop(Stmt.For loop, Scope scope, StringBuilder out) {
    loop(loop, evaluate(loop.items(), scope), 1, scope, out);
  }

  private void loop(Stmt.For loop, Object items, int depth, Scope scope, StringBuilder out) {
    List<Object> taken = taken(loop, items, scope);
    Optional<Callable> recurse =
        loop.recursive()
            ? Optional.of(arguments -> nested(loop, arguments, depth + 1, scope))
            : Optional.empty();
    Loop state = new Loop(taken, depth, recurse, budget);
    while (state.hasNext()) {
      Scope round = scope.inner();
      round.set("loop", state);
      assign(loop.target(), state.next(), round);
      if (run(loop.body(), round, out) == Flow.BREAK) {
        return;
      }
    }
    if (taken.isEmpty()) {
      run(loop.otherwise(), scope.inner(), out);
    }
  }

  private String nested(Stmt.For loop, Arguments arguments, int depth, Scope scope) {
    StringBuilder out = new StringBuilder();
    loop(loop, arguments.bind("loop", "iterable").need(0), depth, scope, out);
    return out.toString();
  }

  private List<Object> taken(Stmt.For loop, Object items, Scope scope) {
    List<Object> taken = new ArrayList<>();
    for (Iterator<?> i = Values.iterate(items, budget); i.hasNext(); ) {
      Object item = i.next();
      if (loop.filter().isPresent()) {
        Scope round = scope.inner();
        assign(loop.target(), item, round);
        if (!Values.truth(evaluate(loop.filter().get(), round))) {
          continue;
        }
      }
      taken.add(item);
    }
    return taken;
  }

  private void assign(Target target, Object value, Scope scope) {
    switch (target) {
      case Target.Variable variable -> scope.set(variable.name(), value);
      case Target.Field field -> {
        if (!(scope.get(field.namespace()) instanceof Namespace namespace)) {
          throw runtime("cannot assign attribute on non-namespace object");
        }
        namespace.fields().put(field.name(), value);
      }
      case Target.Unpacked unpacked ->
          unpack(unpacked.targets(), Values.list(value, budget), scope);
    }
  }

  private void unpack(List<Target> targets, List<Object> values, Scope scope) {
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
      assign(targets.get(i), values.get(i), scope);
    }
  }

  private Object filtered(Expr filters, List<Stmt> body, Scope scope) {
    Scope inner = scope.inner();
    String text = text(body, inner);
    inner.set(Stmt.BODY, text);
    return evaluate(filters, inner);
  }

  private void callWithBody(Stmt.CallBlock block, Scope scope, StringBuilder out) {
    Macro caller = new Macro("caller", block.signature(), block.body(), scope, this);
    Object callee = evaluate(block.call().callee(), scope);
    Arguments passed = evaluator.arguments(block.call().passed(), scope);
    Map<String, Object> named = new LinkedHashMap<>(passed.named());
    named.put("caller", caller);
    Object result = evaluator.call(callee, new Arguments(passed.positional(), named));
    print(Repr.str(result, budget), out);
  }

  private Flow with(Stmt.With with, Scope scope, StringBuilder out) {
    Scope inner = scope.inner();
    for (int i = 0; i < with.targets().size(); i++) {
      assign(with.targets().get(i), evaluate(with.values().get(i), scope), inner);
    }
    return run(with.body(), inner, out);
  }
}

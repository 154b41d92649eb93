// Macro: a template's own function; renders its body with its parameters in a scope of their own.
package dev.gatun.text.jinja;

import static dev.gatun.text.jinja.TemplateFault.runtime;

import dev.gatun.text.jinja.Stmt.Signature;
import dev.gatun.text.jinja.Values.Attributed;
import dev.gatun.text.jinja.Values.Callable;
import dev.gatun.text.jinja.Values.Tuple;
import dev.gatun.text.jinja.Values.Undefined;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * @param outer the scope where the macro stands; its variables are read when the macro runs
 */
record Macro(String name, Signature signature, List<Stmt> body, Scope outer)
    implements Attributed, Callable {
  @Override
  public Object call(Arguments arguments) {
    Scope scope = outer.inner();
    Map<String, Object> named = new LinkedHashMap<>(arguments.named());
    List<Object> positional = arguments.positional();
    List<String> names = signature.names();
    int firstDefault = names.size() - signature.defaults().size();
    for (int i = 0; i < names.size(); i++) {
      String parameter = names.get(i);
      if (i < positional.size()) {
        scope.set(parameter, positional.get(i));
      } else if (named.containsKey(parameter)) {
        scope.set(parameter, named.remove(parameter));
      } else if (i >= firstDefault) {
        scope.set(parameter, signature.defaults().get(i - firstDefault).eval(scope));
      } else {
        scope.set(
            parameter, new Undefined("parameter " + Repr.quoted(parameter) + " was not provided"));
      }
    }
    surplus(
        scope,
        positional.subList(Math.min(names.size(), positional.size()), positional.size()),
        named);
    return Stmt.text(body, scope);
  }

  private void surplus(Scope scope, List<Object> positional, Map<String, Object> named) {
    if (signature.implicit().contains("caller")) {
      Object caller = named.remove("caller");
      scope.set("caller", caller == null ? new Undefined("No caller defined") : caller);
    }
    if (signature.implicit().contains("kwargs")) {
      scope.set("kwargs", named);
    } else if (!named.isEmpty()) {
      if (named.containsKey("caller")) {
        throw runtime(
            "macro "
                + Repr.quoted(name)
                + " was invoked with two values for the special caller argument."
                + " This is most likely a bug.");
      }
      String first = named.keySet().iterator().next();
      throw runtime(
          "macro " + Repr.quoted(name) + " takes no keyword argument " + Repr.quoted(first));
    }
    if (signature.implicit().contains("varargs")) {
      scope.set("varargs", new Tuple(positional));
    } else if (!positional.isEmpty()) {
      throw runtime(
          "macro "
              + Repr.quoted(name)
              + " takes not more than "
              + signature.names().size()
              + " argument(s)");
    }
  }

  @Override
  public String typeName() {
    return "Macro";
  }

  @Override
  public Object attribute(String attribute) {
    return switch (attribute) {
      case "name" -> name;
      case "arguments" -> new Tuple(signature.names());
      case "caller" -> signature.implicit().contains("caller");
      case "catch_kwargs" -> signature.implicit().contains("kwargs");
      case "catch_varargs" -> signature.implicit().contains("varargs");
      default -> ABSENT;
    };
  }

  // A record's own equality would walk the scopes.
  @Override
  public boolean equals(Object other) {
    return this == other;
  }

  @Override
  public int hashCode() {
    return System.identityHashCode(this);
  }
}

// Globals: the functions every template finds: Jinja's own and those of chat templates.
package dev.gatun.text.jinja;

import dev.gatun.text.jinja.TemplateFault.Kind;
import java.time.Clock;
import java.time.ZonedDateTime;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

final class Globals {
  private Globals() {}

  static void define(Scope scope, Clock clock, Budget budget) {
    scope.set("range", (Callable) Range::of);
    scope.set("dict", (Callable) arguments -> Namespace.dict("dict", arguments, budget));
    scope.set("namespace", (Callable) arguments -> Namespace.of(arguments, budget));
    scope.set("cycler", (Callable) Globals::cycler);
    scope.set("joiner", (Callable) Globals::joiner);
    scope.set("raise_exception", (Callable) arguments -> raise(arguments, budget));
    scope.set(
        "strftime_now",
        (Callable)
            arguments -> {
              String format = arguments.bind("strftime_now", "format").text(0);
              return Strftime.format(format, ZonedDateTime.now(clock), budget);
            });
  }

  private static Object raise(Arguments arguments, Budget budget) {
    Object message = arguments.bind("raise_exception", "message").need(0);
    throw new TemplateFault(Kind.RAISED, Repr.str(message, budget), 0);
  }

  private static Object cycler(Arguments arguments) {
    List<Object> items = arguments.positional();
    if (items.isEmpty()) {
      throw TemplateFault.runtime("at least one item has to be provided");
    }
    return new Cycler(items, new AtomicInteger());
  }

  /** Gives nothing the first time and the separator from then on. */
  private static Object joiner(Arguments arguments) {
    String separator = arguments.bind("joiner", "sep").text(0, ", ");
    AtomicBoolean used = new AtomicBoolean();
    return (Callable) _ -> used.getAndSet(true) ? separator : "";
  }

  private record Cycler(List<Object> items, AtomicInteger at) implements Attributed {
    @Override
    public String typeName() {
      return "Cycler";
    }

    @Override
    public Object attribute(String name) {
      return switch (name) {
        case "current" -> items.get(at.get());
        case "next" -> (Callable) _ -> items.get(at.getAndUpdate(i -> (i + 1) % items.size()));
        case "reset" -> (Callable) _ -> reset();
        default -> ABSENT;
      };
    }

    private Object reset() {
      at.set(0);
      return null;
    }
  }
}

// Globals: the functions every template finds, and the range and namespace that they return.
package dev.gatun.text.jinja;

import static dev.gatun.text.jinja.TemplateFault.runtime;

import dev.gatun.text.jinja.TemplateFault.Kind;
import dev.gatun.text.jinja.Values.Attributed;
import dev.gatun.text.jinja.Values.Callable;
import java.time.Clock;
import java.time.ZonedDateTime;
import java.util.AbstractList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.RandomAccess;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/** Jinja's own functions and those of chat templates; what they return stands here too. */
final class Globals {
  private static final List<String> NAMES =
      List.of("range", "dict", "namespace", "cycler", "joiner", "raise_exception", "strftime_now");

  private Globals() {}

  static void define(Scope scope, Clock clock) {
    for (String name : NAMES) {
      scope.set(name, new Global(name, clock, scope.budget()));
    }
  }

  private record Global(String name, Clock clock, Budget budget) implements Callable {
    @Override
    public Object call(Arguments arguments) {
      return switch (name) {
        case "range" -> Range.of(arguments);
        case "dict" -> dict(name, arguments, budget);
        case "namespace" -> new Namespace(dict(name, arguments, budget));
        case "cycler" -> cycler(arguments);
        case "joiner" -> joiner(arguments);
        case "raise_exception" -> raise(arguments, budget);
        default ->
            Strftime.format(
                arguments.bind(name, "format").text(0), ZonedDateTime.now(clock), budget);
      };
    }
  }

  /** {@code dict(mapping or pairs, **named)}. */
  static Map<Object, Object> dict(String callee, Arguments arguments, Budget budget) {
    if (arguments.positional().size() > 1) {
      throw runtime(callee + " expected at most 1 argument, got " + arguments.positional().size());
    }
    Map<Object, Object> fields = new LinkedHashMap<>();
    for (Object source : arguments.positional()) {
      if (source instanceof Map<?, ?> map) {
        budget.steps(map.size());
        fields.putAll(map);
      } else {
        for (Iterator<?> pairs = Values.iterate(source, budget); pairs.hasNext(); ) {
          List<Object> pair = Values.list(pairs.next(), budget);
          if (pair.size() != 2) {
            throw runtime(
                "dictionary update sequence element has length " + pair.size() + "; 2 is required");
          }
          fields.put(Values.key(pair.get(0)), pair.get(1));
        }
      }
    }
    fields.putAll(arguments.named());
    return fields;
  }

  private static Object raise(Arguments arguments, Budget budget) {
    Object message = arguments.bind("raise_exception", "message").need(0);
    throw new TemplateFault(Kind.RAISED, Repr.str(message, budget), 0);
  }

  private static Object cycler(Arguments arguments) {
    List<Object> items = arguments.positional();
    if (items.isEmpty()) {
      throw runtime("at least one item has to be provided");
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

  /** What range() returns; its numbers are made as they are read. */
  static final class Range extends AbstractList<Object> implements RandomAccess {
    /** The limit of Jinja2's sandbox. */
    private static final long MAX_SIZE = 100_000;

    private final long start;
    private final long stop;
    private final long step;
    private final int size;

    Range(long start, long stop, long step) {
      if (step == 0) {
        throw runtime("range() arg 3 must not be zero");
      }
      double count = Math.ceil(((double) stop - start) / step);
      if (count > MAX_SIZE) {
        throw runtime("Range too big. The sandbox blocks ranges larger than MAX_RANGE (100000).");
      }
      this.start = start;
      this.stop = stop;
      this.step = step;
      this.size = (int) Math.max(0, count);
    }

    static Range of(Arguments arguments) {
      int count = arguments.positional().size();
      if (count < 1 || count > 3 || !arguments.named().isEmpty()) {
        throw runtime("range expected 1 to 3 arguments, got " + count);
      }
      long first = Numbers.index(arguments.positional().getFirst());
      long second = count > 1 ? Numbers.index(arguments.positional().get(1)) : 0;
      long step = count > 2 ? Numbers.index(arguments.positional().get(2)) : 1;
      return count == 1 ? new Range(0, first, step) : new Range(first, second, step);
    }

    @Override
    public Object get(int index) {
      return start + Objects.checkIndex(index, size) * step;
    }

    @Override
    public int size() {
      return size;
    }

    @Override
    public String toString() {
      return "range(" + start + ", " + stop + (step == 1 ? "" : ", " + step) + ")";
    }
  }

  /** The one value whose fields a template may set, also from inside a loop. */
  record Namespace(Map<Object, Object> fields) implements Attributed {
    @Override
    public String typeName() {
      return "Namespace";
    }

    @Override
    public Object attribute(String name) {
      return fields.containsKey(name) ? fields.get(name) : ABSENT;
    }

    // Fields may hold the namespace itself; identity keeps equality and hashing finite.
    @Override
    public boolean equals(Object other) {
      return this == other;
    }

    @Override
    public int hashCode() {
      return System.identityHashCode(this);
    }
  }
}

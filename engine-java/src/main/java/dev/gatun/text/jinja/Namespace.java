// Namespace: the one value whose fields a template may set, also from inside a loop.
package dev.gatun.text.jinja;

import static dev.gatun.text.jinja.TemplateFault.runtime;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

record Namespace(Map<Object, Object> fields) implements Attributed {
  static Namespace of(Arguments arguments, Budget budget) {
    return new Namespace(dict("namespace", arguments, budget));
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

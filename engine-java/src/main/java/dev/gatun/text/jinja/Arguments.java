// Arguments: what a call passes, and how it meets the parameters of a built-in.
package dev.gatun.text.jinja;

import static dev.gatun.text.jinja.TemplateFault.runtime;

import java.util.Arrays;
import java.util.List;
import java.util.Map;

record Arguments(List<Object> positional, Map<String, Object> named) {
  static final Arguments NOTHING = new Arguments(List.of(), Map.of());
  private static final Object ABSENT = new Object();

  /** Arguments matched to parameter names; refuses surplus and unknown ones. */
  Bound bind(String callee, String... parameters) {
    if (positional.size() > parameters.length) {
      throw runtime(
          callee
              + "() takes at most "
              + parameters.length
              + " arguments ("
              + positional.size()
              + " given)");
    }
    Object[] values = new Object[parameters.length];
    Arrays.fill(values, ABSENT);
    for (int i = 0; i < positional.size(); i++) {
      values[i] = positional.get(i);
    }
    List<String> names = List.of(parameters);
    for (Map.Entry<String, Object> argument : named.entrySet()) {
      String name = argument.getKey();
      int index = names.indexOf(name);
      if (index < 0) {
        throw runtime(callee + "() got an unexpected keyword argument '" + name + "'");
      }
      if (values[index] != ABSENT) {
        throw runtime(callee + "() got multiple values for argument '" + name + "'");
      }
      values[index] = argument.getValue();
    }
    return new Bound(callee, names, values);
  }

  /** The arguments after the first {@code count} positional ones. */
  Arguments after(int count) {
    return new Arguments(positional.subList(count, positional.size()), named);
  }

  /** Arguments of one call by position; an absent one takes the default given. */
  static final class Bound {
    private final String callee;
    private final List<String> names;
    private final Object[] values;

    private Bound(String callee, List<String> names, Object[] values) {
      this.callee = callee;
      this.names = names;
      this.values = values;
    }

    Object get(int index, Object otherwise) {
      return values[index] == ABSENT ? otherwise : values[index];
    }

    Object need(int index) {
      if (values[index] == ABSENT) {
        throw runtime(callee + "() missing required argument: '" + names.get(index) + "'");
      }
      return values[index];
    }

    String text(int index) {
      if (need(index) instanceof String text) {
        return text;
      }
      throw runtime(
          callee
              + "() argument '"
              + names.get(index)
              + "' must be str, not "
              + Values.typeName(values[index]));
    }

    String text(int index, String otherwise) {
      return values[index] == ABSENT || values[index] == null ? otherwise : text(index);
    }

    long number(int index, long otherwise) {
      return values[index] == ABSENT || values[index] == null
          ? otherwise
          : Numbers.index(values[index]);
    }

    boolean flag(int index, boolean otherwise) {
      return values[index] == ABSENT ? otherwise : Values.truth(values[index]);
    }
  }
}

// Filters: finds a filter by its name in the three families.
package dev.gatun.text.jinja;

import static dev.gatun.text.jinja.TemplateFault.runtime;

import dev.gatun.text.jinja.Values.Attributed;

final class Filters {
  private Filters() {}

  static Object apply(String name, Object value, Arguments arguments, Budget budget) {
    budget.scan(value);
    Object result = TextFilters.apply(name, value, arguments, budget);
    if (result == Attributed.ABSENT) {
      result = SequenceFilters.apply(name, value, arguments, budget);
    }
    if (result == Attributed.ABSENT) {
      result = OrderFilters.apply(name, value, arguments, budget);
    }
    if (result == Attributed.ABSENT) {
      result = NumberFilters.apply(name, value, arguments, budget);
    }
    if (result == Attributed.ABSENT) {
      throw runtime("No filter named " + Repr.quoted(name) + ".");
    }
    return result;
  }
}

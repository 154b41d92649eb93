// Scope: variables of a loop round, a macro or a block, over those around it, and the budget.
package dev.gatun.text.jinja;

import dev.gatun.text.jinja.Values.Undefined;
import java.util.HashMap;
import java.util.Map;

final class Scope {
  private final Scope outer;
  private final Budget budget;
  private final Map<String, Object> variables = new HashMap<>();

  /**
   * @param outer null for the outermost
   */
  private Scope(Scope outer, Budget budget) {
    this.outer = outer;
    this.budget = budget;
  }

  static Scope outermost(Budget budget) {
    return new Scope(null, budget);
  }

  Scope inner() {
    return new Scope(this, budget);
  }

  Budget budget() {
    return budget;
  }

  void set(String name, Object value) {
    variables.put(name, value);
  }

  Object get(String name) {
    for (Scope scope = this; scope != null; scope = scope.outer) {
      Object value = scope.variables.get(name);
      if (value != null || scope.variables.containsKey(name)) {
        return value;
      }
    }
    return Undefined.name(name);
  }
}

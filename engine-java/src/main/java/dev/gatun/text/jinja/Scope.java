// Scope: variables of a loop round, a macro or a block, over those around it.
package dev.gatun.text.jinja;

import java.util.HashMap;
import java.util.Map;

final class Scope {
  private final Scope outer;
  private final Map<String, Object> variables = new HashMap<>();

  /**
   * @param outer null for the outermost
   */
  private Scope(Scope outer) {
    this.outer = outer;
  }

  static Scope outermost() {
    return new Scope(null);
  }

  Scope inner() {
    return new Scope(this);
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

// ContainerMethods: the methods of list, tuple and dict that leave their receiver as it is.
package dev.gatun.text.jinja;

import static dev.gatun.text.jinja.TemplateFault.runtime;

import dev.gatun.text.jinja.Values.Tuple;
import dev.gatun.text.jinja.Values.View;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

final class ContainerMethods {
  static final Set<String> LIST = Set.of("copy", "count", "index");
  static final Set<String> DICT = Set.of("copy", "get", "items", "keys", "values");

  private ContainerMethods() {}

  static Object call(List<?> items, String name, Arguments arguments, Budget budget) {
    if (name.equals("copy")) {
      arguments.bind(name);
      return items;
    }
    Object wanted = arguments.bind(name, "value").need(0);
    long count = 0;
    for (int i = 0; i < items.size(); i++) {
      if (Operators.equal(items.get(i), wanted, budget)) {
        if (name.equals("index")) {
          return (long) i;
        }
        count++;
      }
    }
    if (name.equals("index")) {
      throw runtime(Repr.repr(wanted, budget) + " is not in list");
    }
    return count;
  }

  static Object call(Map<?, ?> map, String name, Arguments arguments, Budget budget) {
    if (name.equals("get")) {
      var bound = arguments.bind(name, "key", "default");
      Object key = Values.key(bound.need(0));
      return map.containsKey(key) ? map.get(key) : bound.get(1, null);
    }
    arguments.bind(name);
    budget.steps(map.size());
    return switch (name) {
      case "items" -> new View("dict_items", pairs(map));
      case "keys" -> new View("dict_keys", new ArrayList<>(map.keySet()));
      case "values" -> new View("dict_values", new ArrayList<>(map.values()));
      default -> new LinkedHashMap<Object, Object>(map);
    };
  }

  static List<Tuple> pairs(Map<?, ?> map) {
    List<Tuple> pairs = new ArrayList<>(map.size());
    map.forEach((key, value) -> pairs.add(Tuple.of(key, value)));
    return pairs;
  }
}

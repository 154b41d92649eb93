// Path: an attribute as filters name it: "function.name", "0.text" or a number.
package dev.gatun.text.jinja;

import java.util.ArrayList;
import java.util.List;

record Path(List<Object> steps) {
  static Path of(Object attribute) {
    if (!(attribute instanceof String text)) {
      List<Object> steps = new ArrayList<>();
      if (attribute != null) {
        steps.add(attribute);
      }
      return new Path(steps);
    }
    List<Object> steps = new ArrayList<>();
    for (Object part : Text.split(text, ".", -1)) {
      String name = (String) part;
      boolean number =
          !name.isEmpty() && name.length() < 10 && name.chars().allMatch(c -> c >= '0' && c <= '9');
      steps.add(number ? (Object) Long.valueOf(name) : name);
    }
    return new Path(steps);
  }

  Object in(Object item, Budget budget) {
    Object value = item;
    for (Object step : steps) {
      value = Subscript.item(value, step, budget);
    }
    return value;
  }
}

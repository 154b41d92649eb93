// JsonText: values as Python's json.dumps writes them, which is how tools reach a prompt.
package dev.gatun.text.jinja;

import static dev.gatun.text.jinja.TemplateFault.runtime;

import dev.gatun.text.jinja.Globals.Range;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * The {@code tojson} of chat templates: no HTML escapes, non-ASCII kept, {@code ", "} and {@code ":
 * "} between items.
 */
final class JsonText {
  private final StringBuilder out = new StringBuilder();
  private final Budget budget;
  private final boolean ascii;
  private final boolean sorted;
  private final boolean indented;
  private final String indent;
  private final String itemSeparator;
  private final String keySeparator;

  private JsonText(Arguments.Bound arguments, Budget budget) {
    this.budget = budget;
    this.ascii = arguments.flag(0, false);
    Object width = arguments.get(1, null);
    this.indented = width != null;
    if (width == null || width instanceof String) {
      this.indent = width == null ? "" : (String) width;
    } else {
      long count = Math.max(0, Numbers.index(width));
      budget.chars(count);
      this.indent = " ".repeat((int) count);
    }
    if (arguments.get(2, null) instanceof List<?> pair && pair.size() == 2) {
      this.itemSeparator = Repr.str(pair.get(0), budget);
      this.keySeparator = Repr.str(pair.get(1), budget);
    } else {
      this.itemSeparator = indented ? "," : ", ";
      this.keySeparator = ": ";
    }
    this.sorted = arguments.flag(3, false);
  }

  static String of(Object value, Arguments arguments, Budget budget) {
    JsonText json =
        new JsonText(
            arguments.bind("tojson", "ensure_ascii", "indent", "separators", "sort_keys"), budget);
    json.value(value, 0);
    return json.out.toString();
  }

  private void value(Object value, int depth) {
    budget.value(depth);
    if (value instanceof String text) {
      string(text);
    } else if (value instanceof List<?> items && !(value instanceof Range)) {
      list(items, depth);
    } else if (value instanceof Map<?, ?> map) {
      dict(map, depth);
    } else {
      out.append(scalar(value));
    }
    budget.chars(4);
  }

  private static String scalar(Object value) {
    if (value instanceof Double number && !Double.isFinite(number)) {
      return number.isNaN() ? "NaN" : number > 0 ? "Infinity" : "-Infinity";
    }
    if (value instanceof Double number) {
      return Repr.number(number);
    }
    if (value == null || Numbers.isInteger(value)) {
      return String.valueOf(value);
    }
    throw runtime("Object of type " + Values.typeName(value) + " is not JSON serializable");
  }

  private void list(List<?> items, int depth) {
    out.append('[');
    for (Iterator<?> i = items.iterator(); i.hasNext(); ) {
      line(depth + 1);
      value(i.next(), depth + 1);
      out.append(i.hasNext() ? itemSeparator : "");
    }
    if (!items.isEmpty()) {
      line(depth);
    }
    out.append(']');
  }

  private void dict(Map<?, ?> map, int depth) {
    out.append('{');
    for (Iterator<? extends Map.Entry<?, ?>> i = entries(map).entrySet().iterator();
        i.hasNext(); ) {
      Map.Entry<?, ?> entry = i.next();
      line(depth + 1);
      string(key(entry.getKey()));
      out.append(keySeparator);
      value(entry.getValue(), depth + 1);
      out.append(i.hasNext() ? itemSeparator : "");
    }
    if (!map.isEmpty()) {
      line(depth);
    }
    out.append('}');
  }

  private Map<?, ?> entries(Map<?, ?> map) {
    if (!sorted) {
      return map;
    }
    Comparator<Object> order = (left, right) -> Operators.order("<", left, right, budget);
    Map<Object, Object> ordered = new TreeMap<>(order);
    ordered.putAll(map);
    return ordered;
  }

  private static String key(Object key) {
    if (key instanceof String text) {
      return text;
    }
    if (key == null || Numbers.isNumber(key)) {
      return scalar(key);
    }
    throw runtime("keys must be str, int, float, bool or None, not " + Values.typeName(key));
  }

  private void line(int depth) {
    if (indented) {
      budget.chars((long) indent.length() * depth + 1);
      out.append('\n').repeat(indent, depth);
    }
  }

  private void string(String text) {
    budget.chars(text.length());
    out.append('"');
    for (int i = 0; i < text.length(); i++) {
      character(text.charAt(i));
    }
    out.append('"');
  }

  private void character(char c) {
    switch (c) {
      case '"' -> out.append("\\\"");
      case '\\' -> out.append("\\\\");
      case '\n' -> out.append("\\n");
      case '\r' -> out.append("\\r");
      case '\t' -> out.append("\\t");
      case '\f' -> out.append("\\f");
      case '\b' -> out.append("\\b");
      default -> {
        if (c < ' ' || ascii && c > '~') {
          out.append(String.format(Locale.ROOT, "\\u%04x", (int) c));
        } else {
          out.append(c);
        }
      }
    }
  }
}

// Filters: Jinja's filters by name, and those that make text or a number.
package dev.gatun.text.jinja;

import static dev.gatun.text.jinja.TemplateFault.runtime;

import dev.gatun.text.jinja.Values.Tuple;
import dev.gatun.text.jinja.Values.Undefined;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** One table by name, cut by kind: a name that is not of a kind is looked for in the next. */
final class Filters {
  private Filters() {}

  static Object apply(String name, Object value, Arguments arguments, Budget budget) {
    budget.scan(value);
    return switch (name) {
      case "default", "d" -> {
        var bound = arguments.bind(name, "default_value", "boolean");
        boolean missing =
            value instanceof Undefined || bound.flag(1, false) && !Values.truth(value);
        yield missing ? bound.get(0, "") : value;
      }
      case "attr" -> {
        String attribute = arguments.bind(name, "name").text(0);
        yield value instanceof Map
            ? Undefined.attribute(value, attribute, budget)
            : Subscript.attribute(value, attribute, budget);
      }
      case "tojson" -> JsonText.of(value, arguments, budget);
      default -> text(name, value, arguments, budget);
    };
  }

  /** Filters that make text; other names are passed on. */
  private static Object text(String name, Object value, Arguments arguments, Budget budget) {
    return switch (name) {
      case "string", "safe" -> plain(name, value, arguments, budget);
      case "upper", "lower", "capitalize", "title", "escape", "e", "forceescape", "wordcount" ->
          spelled(name, plain(name, value, arguments, budget), budget);
      case "trim" -> {
        String characters = arguments.bind(name, "chars").text(0, "");
        yield StringMethods.strip(Repr.str(value, budget), characters, "strip", budget);
      }
      case "replace" -> replace(value, arguments.bind(name, "old", "new", "count"), budget);
      case "indent" -> indent(value, arguments.bind(name, "width", "first", "blank"), budget);
      case "center" -> {
        long width = arguments.bind(name, "width").number(0, 80);
        yield StringMethods.call(
            Repr.str(value, budget),
            name,
            new Arguments(List.of(width), Arguments.NOTHING.named()),
            budget);
      }
      case "truncate" ->
          truncate(value, arguments.bind(name, "length", "killwords", "end", "leeway"), budget);
      case "format" -> {
        Object values =
            arguments.named().isEmpty() ? new Tuple(arguments.positional()) : arguments.named();
        yield Format.percent(Repr.str(value, budget), values, budget);
      }
      default -> number(name, value, arguments, budget);
    };
  }

  /** Filters that make a number; other names are passed on. */
  private static Object number(String name, Object value, Arguments arguments, Budget budget) {
    return switch (name) {
      case "abs" -> {
        arguments.bind(name);
        yield Numbers.absolute(Values.defined(value));
      }
      case "int" -> {
        var bound = arguments.bind(name, "default", "base");
        Optional<Object> integer =
            Numbers.integer(Values.defined(value), Math.clamp(bound.number(1, 10), 0, 36));
        yield integer.isPresent() ? integer.get() : bound.get(0, 0L);
      }
      case "float" -> {
        Optional<Double> real = Numbers.toReal(Values.defined(value));
        yield real.isPresent() ? real.get() : arguments.bind(name, "default").get(0, 0.0);
      }
      case "round" -> {
        Object number = Values.defined(value);
        var bound = arguments.bind(name, "precision", "method");
        int precision = Math.clamp(bound.number(0, 0), -400, 400);
        yield Numbers.round(number, precision, bound.text(1, "common"));
      }
      default -> SequenceFilters.apply(name, value, arguments, budget);
    };
  }

  private static String plain(String name, Object value, Arguments arguments, Budget budget) {
    arguments.bind(name);
    return Repr.str(value, budget);
  }

  private static Object spelled(String name, String text, Budget budget) {
    budget.chars(text.length());
    return switch (name) {
      case "upper" -> text.toUpperCase(Locale.ROOT);
      case "lower" -> text.toLowerCase(Locale.ROOT);
      case "capitalize" -> Text.capitalize(text);
      case "title" -> Words.title(text);
      case "wordcount" -> Words.count(text);
      default -> escaped(text, budget);
    };
  }

  private static String escaped(String text, Budget budget) {
    budget.chars(5L * text.length());
    return text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("'", "&#39;")
        .replace("\"", "&#34;");
  }

  private static String replace(Object value, Arguments.Bound bound, Budget budget) {
    String old = Repr.str(bound.need(0), budget);
    String with = Repr.str(bound.need(1), budget);
    return StringMethods.replace(Repr.str(value, budget), old, with, bound.number(2, -1), budget);
  }

  private static String indent(Object value, Arguments.Bound bound, Budget budget) {
    if (!(value instanceof String text)) {
      throw runtime(
          "unsupported operand type(s) for +=: '" + Values.typeName(value) + "' and 'str'");
    }
    String indent;
    if (bound.get(0, 4L) instanceof String given) {
      indent = given;
    } else {
      long width = Math.max(0, bound.number(0, 4));
      budget.chars(width);
      indent = " ".repeat((int) width);
    }
    boolean blank = bound.flag(2, false);
    budget.steps(text.length() / 2);
    List<Object> lines = Text.lines(text + "\n", false);
    StringBuilder out = new StringBuilder(bound.flag(1, false) ? indent : "");
    for (int i = 0; i < lines.size(); i++) {
      String line = (String) lines.get(i);
      boolean indented = i > 0 && (blank || !line.isEmpty());
      budget.chars(1L + line.length() + (indented ? indent.length() : 0));
      out.append(i > 0 ? "\n" : "").append(indented ? indent : "").append(line);
    }
    return out.toString();
  }

  private static String truncate(Object value, Arguments.Bound bound, Budget budget) {
    String text = Repr.str(value, budget);
    String end = bound.text(2, "...");
    int endLength = Text.length(end);
    long length = bound.number(0, 255);
    if (length < endLength) {
      throw runtime("expected length >= " + endLength + ", got " + length);
    }
    if (Text.length(text) <= length + bound.number(3, 5)) {
      return text;
    }
    budget.chars(length + endLength);
    String kept = Text.slice(text, 0, 1, (int) (length - endLength));
    int lastBlank = kept.lastIndexOf(' ');
    return (bound.flag(1, false) || lastBlank < 0 ? kept : kept.substring(0, lastBlank)) + end;
  }

  /** What regards a text as words; a class, so that its patterns are made when one is asked for. */
  private static final class Words {
    private static final Pattern TITLE_WORD =
        Pattern.compile("[-\\s({\\[<]+|[^-\\s({\\[<]+", Pattern.UNICODE_CHARACTER_CLASS);
    private static final Pattern WORD = Pattern.compile("\\w++", Pattern.UNICODE_CHARACTER_CLASS);

    /** Unlike str.title, a word begins only after a blank, a hyphen or an opening bracket. */
    static String title(String text) {
      StringBuilder out = new StringBuilder(text.length());
      Matcher words = TITLE_WORD.matcher(text);
      while (words.find()) {
        String word = words.group();
        int first = Character.charCount(word.codePointAt(0));
        out.append(word.substring(0, first).toUpperCase(Locale.ROOT))
            .append(word.substring(first).toLowerCase(Locale.ROOT));
      }
      return out.toString();
    }

    static long count(String text) {
      return WORD.matcher(text).results().count();
    }
  }
}

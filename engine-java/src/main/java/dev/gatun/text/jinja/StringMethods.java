// StringMethods: the methods of Python's str.
package dev.gatun.text.jinja;

import static dev.gatun.text.jinja.TemplateFault.runtime;

import dev.gatun.text.jinja.Values.Tuple;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.IntPredicate;

/** Positions count code points; case follows Unicode, without a locale. */
final class StringMethods {
  static final Set<String> NAMES =
      Set.of(
          ("capitalize casefold center count endswith expandtabs find format index "
                  + "isalnum isalpha isascii isdecimal isdigit islower isnumeric isspace "
                  + "istitle isupper join ljust lower lstrip partition removeprefix "
                  + "removesuffix replace rfind rindex rjust rpartition rsplit rstrip split "
                  + "splitlines startswith strip swapcase title upper zfill")
              .split(" "));

  private StringMethods() {}

  static Object call(String text, String name, Arguments arguments, Budget budget) {
    budget.scan(text);
    return switch (name) {
      case "strip", "lstrip", "rstrip" -> strip(text, name, arguments, budget);
      case "split", "rsplit", "splitlines", "partition", "rpartition" ->
          cut(text, name, arguments, budget);
      case "startswith", "endswith" -> affix(text, name, arguments);
      case "find", "rfind", "index", "rindex", "count" -> search(text, name, arguments, budget);
      case "center", "ljust", "rjust", "zfill", "expandtabs" -> pad(text, name, arguments, budget);
      case "join" -> join(text, arguments.bind(name, "iterable").need(0), budget);
      case "replace" -> {
        var bound = arguments.bind(name, "old", "new", "count");
        yield replace(text, bound.text(0), bound.text(1), bound.number(2, -1), budget);
      }
      case "removeprefix" -> {
        String prefix = arguments.bind(name, "prefix").text(0);
        yield text.startsWith(prefix) ? text.substring(prefix.length()) : text;
      }
      case "removesuffix" -> {
        String suffix = arguments.bind(name, "suffix").text(0);
        yield text.endsWith(suffix) ? text.substring(0, text.length() - suffix.length()) : text;
      }
      case "format" -> Format.braces(text, arguments, budget);
      default -> plain(text, name, arguments, budget);
    };
  }

  /** Methods without arguments. */
  private static Object plain(String text, String name, Arguments arguments, Budget budget) {
    arguments.bind(name);
    budget.chars(text.length());
    return switch (name) {
      case "upper" -> text.toUpperCase(Locale.ROOT);
      case "lower" -> text.toLowerCase(Locale.ROOT);
      case "casefold" -> text.toUpperCase(Locale.ROOT).toLowerCase(Locale.ROOT);
      case "capitalize" -> Text.capitalize(text);
      case "title" -> Text.title(text);
      case "swapcase" -> swapCase(text);
      case "isupper" -> Text.cased(text, Character::isUpperCase, Character::isLowerCase);
      case "islower" -> Text.cased(text, Character::isLowerCase, Character::isUpperCase);
      case "istitle" -> text.chars().anyMatch(Character::isLetter) && text.equals(Text.title(text));
      case "isascii" -> text.chars().allMatch(c -> c < 128);
      default -> !text.isEmpty() && text.codePoints().allMatch(kind(name));
    };
  }

  private static IntPredicate kind(String name) {
    return switch (name) {
      case "isalpha" -> Character::isLetter;
      case "isspace" -> Text::isSpace;
      case "isalnum" -> Character::isLetterOrDigit;
      case "isdecimal", "isdigit" -> Character::isDigit;
      default ->
          c ->
              Character.isDigit(c)
                  || Character.getType(c) == Character.LETTER_NUMBER
                  || Character.getType(c) == Character.OTHER_NUMBER;
    };
  }

  private static String swapCase(String text) {
    StringBuilder out = new StringBuilder(text.length());
    text.codePoints()
        .forEach(
            c ->
                out.appendCodePoint(
                    Character.isUpperCase(c)
                        ? Character.toLowerCase(c)
                        : Character.toUpperCase(c)));
    return out.toString();
  }

  private static String strip(String text, String name, Arguments arguments, Budget budget) {
    return strip(text, arguments.bind(name, "chars").text(0, ""), name, budget);
  }

  /**
   * @param characters what to strip; whitespace if empty
   */
  static String strip(String text, String characters, String name, Budget budget) {
    budget.search(text, characters);
    IntPredicate strips = characters.isEmpty() ? Text::isSpace : c -> characters.indexOf(c) >= 0;
    return Text.strip(text, strips, !name.equals("rstrip"), !name.equals("lstrip"));
  }

  private static Object cut(String text, String name, Arguments arguments, Budget budget) {
    if (name.equals("splitlines")) {
      budget.steps(text.length() / 2);
      return Text.lines(text, arguments.bind(name, "keepends").flag(0, false));
    }
    if (name.endsWith("partition")) {
      return partition(text, arguments.bind(name, "sep").text(0), name.startsWith("r"), budget);
    }
    var bound = arguments.bind(name, "sep", "maxsplit");
    String separator = bound.text(0, "");
    long limit = bound.number(1, -1);
    boolean right = name.startsWith("r");
    if (bound.get(0, null) == null) {
      budget.steps(text.length() / 2);
      return right && limit >= 0 ? wordsFromRight(text, limit) : Text.words(text, limit);
    }
    if (separator.isEmpty()) {
      throw runtime("empty separator");
    }
    budget.search(text, separator);
    budget.steps(4L * Text.count(text, separator));
    budget.chars(text.length());
    return right ? Text.splitFromRight(text, separator, limit) : Text.split(text, separator, limit);
  }

  private static List<Object> wordsFromRight(String text, long limit) {
    String reversed = new StringBuilder(text).reverse().toString();
    return Text.words(reversed, limit).reversed().stream()
        .map(word -> (Object) new StringBuilder((String) word).reverse().toString())
        .toList();
  }

  private static Tuple partition(String text, String separator, boolean right, Budget budget) {
    if (separator.isEmpty()) {
      throw runtime("empty separator");
    }
    budget.search(text, separator);
    int at = right ? text.lastIndexOf(separator) : text.indexOf(separator);
    if (at < 0) {
      return right ? Tuple.of("", "", text) : Tuple.of(text, "", "");
    }
    return Tuple.of(text.substring(0, at), separator, text.substring(at + separator.length()));
  }

  private static boolean affix(String text, String name, Arguments arguments) {
    var bound = arguments.bind(name, "affix", "start", "end");
    String part = section(text, bound);
    List<?> affixes = bound.need(0) instanceof Tuple tuple ? tuple : List.of(bound.text(0));
    for (Object affix : affixes) {
      if (affix instanceof String s
          && (name.startsWith("s") ? part.startsWith(s) : part.endsWith(s))) {
        return true;
      }
    }
    return false;
  }

  /** The part of the text between the optional bounds at positions 1 and 2. */
  private static String section(String text, Arguments.Bound bound) {
    int size = Text.length(text);
    int start = position(bound.number(1, 0), size);
    int end = position(bound.number(2, size), size);
    return start >= end ? "" : Text.slice(text, start, 1, end - start);
  }

  private static int position(long index, int size) {
    return Math.clamp(index < 0 ? index + size : index, 0, size);
  }

  private static long search(String text, String name, Arguments arguments, Budget budget) {
    var bound = arguments.bind(name, "sub", "start", "end");
    String part = section(text, bound);
    String needle = bound.text(0);
    budget.search(part, needle);
    if (name.equals("count")) {
      return Text.count(part, needle);
    }
    int at = name.startsWith("r") ? part.lastIndexOf(needle) : part.indexOf(needle);
    if (at < 0) {
      if (name.endsWith("index")) {
        throw runtime("substring not found");
      }
      return -1;
    }
    return part.codePointCount(0, at) + position(bound.number(1, 0), Text.length(text));
  }

  private static String join(String separator, Object items, Budget budget) {
    StringBuilder out = new StringBuilder();
    Iterator<?> iterator = Values.iterate(items, budget);
    for (int i = 0; iterator.hasNext(); i++) {
      Object item = iterator.next();
      if (!(item instanceof String part)) {
        throw runtime(
            "sequence item " + i + ": expected str instance, " + Values.typeName(item) + " found");
      }
      budget.chars((long) part.length() + separator.length());
      out.append(i == 0 ? "" : separator).append(part);
    }
    return out.toString();
  }

  /**
   * @param limit replacements at most; below 0 all
   */
  static String replace(String text, String old, String with, long limit, Budget budget) {
    budget.search(text, old);
    long found = Text.count(text, old);
    long times = limit < 0 ? found : Math.min(limit, found);
    budget.chars(text.length() + times * with.length());
    if (old.isEmpty()) {
      return interleave(text, with, times);
    }
    StringBuilder out = new StringBuilder();
    int from = 0;
    for (long i = 0; i < times; i++) {
      int at = text.indexOf(old, from);
      out.append(text, from, at).append(with);
      from = at + old.length();
    }
    return out.append(text, from, text.length()).toString();
  }

  private static String interleave(String text, String with, long times) {
    StringBuilder out = new StringBuilder();
    long left = times;
    for (int i = 0; i < text.length(); i = text.offsetByCodePoints(i, 1)) {
      out.append(left-- > 0 ? with : "").appendCodePoint(text.codePointAt(i));
    }
    return out.append(left > 0 ? with : "").toString();
  }

  private static String pad(String text, String name, Arguments arguments, Budget budget) {
    if (name.equals("expandtabs")) {
      long size = Math.max(0, arguments.bind(name, "tabsize").number(0, 8));
      return expandTabs(text, size, budget);
    }
    var bound = arguments.bind(name, "width", "fill");
    long missing = Math.max(0, Numbers.index(bound.need(0)) - Text.length(text));
    budget.chars(missing);
    String fill = name.equals("zfill") ? "0" : bound.text(1, " ");
    if (Text.length(fill) != 1) {
      throw runtime("The fill character must be exactly one character long");
    }
    boolean signed = name.equals("zfill") && (text.startsWith("-") || text.startsWith("+"));
    long width = Text.length(text) + missing;
    long left =
        switch (name) {
          case "ljust" -> 0;
          case "center" -> missing / 2 + (missing & width & 1);
          default -> missing;
        };
    String before = fill.repeat((int) left);
    String after = fill.repeat((int) (missing - left));
    return signed ? text.charAt(0) + before + text.substring(1) : before + text + after;
  }

  private static String expandTabs(String text, long size, Budget budget) {
    StringBuilder out = new StringBuilder();
    int column = 0;
    for (int c : text.codePoints().toArray()) {
      if (c == '\t') {
        long blanks = size == 0 ? 0 : size - column % size;
        budget.chars(blanks);
        out.repeat(' ', (int) blanks);
        column += (int) blanks;
      } else {
        out.appendCodePoint(c);
        column = c == '\n' || c == '\r' ? 0 : column + 1;
      }
    }
    return out.toString();
  }
}

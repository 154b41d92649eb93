// Preview: a metadata value short enough to be shown: a vocabulary has 150,000 entries.
package dev.gatun.cli;

import java.lang.reflect.Array;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

final class Preview {
  private static final int MOST_ITEMS = 8;
  private static final int MOST_CHARACTERS = 200;

  private Preview() {}

  /**
   * The value itself where it is short; of a long list its length and first items, of a long text
   * its start.
   */
  static Object of(Object value) {
    return switch (value) {
      case null -> null; // as the file has it
      case String text when text.length() > MOST_CHARACTERS ->
          text.substring(0, MOST_CHARACTERS) + "… (" + text.length() + " characters)";
      case List<?> list when list.size() > MOST_ITEMS ->
          cut(list.size(), list.subList(0, MOST_ITEMS));
      case Object array when array.getClass().isArray() && Array.getLength(array) > MOST_ITEMS ->
          cut(
              Array.getLength(array),
              IntStream.range(0, MOST_ITEMS).mapToObj(i -> Array.get(array, i)).toList());
      default -> value;
    };
  }

  /** A name from a file, without what would move the cursor of a terminal. */
  static String plain(String name) {
    return name.replaceAll("\\p{Cntrl}", "?");
  }

  private static Map<String, Object> cut(int length, List<?> first) {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("length", length);
    map.put("first", first);
    return map;
  }
}

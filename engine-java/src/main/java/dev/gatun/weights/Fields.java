// Fields: typed and range-checked reading of the keys of a JSON object or of a GGUF header.
package dev.gatun.weights;

import dev.gatun.refusal.Refusal;
import java.math.BigInteger;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A key that is absent or null reads as empty; one of another type or out of range is refused by
 * name.
 *
 * @param source where the keys stand, for messages: {@code 'config.json'}, {@code rope_scaling of
 *     'config.json'}
 */
record Fields(String source, Map<String, Object> values) {
  private static final int SHOWN = 60;

  boolean has(String key) {
    return values.get(key) != null;
  }

  Optional<String> text(String key) {
    return typed(key, String.class, "a text");
  }

  Optional<Boolean> flag(String key) {
    return typed(key, Boolean.class, "true or false");
  }

  Optional<Integer> integer(String key, int min, int max) {
    return Optional.ofNullable(values.get(key)).map(v -> inRange(key, v, min, max));
  }

  int requiredInteger(String key, int min, int max) {
    return integer(key, min, max).orElseThrow(() -> missing(key));
  }

  /** A finite number from {@code min}, inclusive. */
  Optional<Double> number(String key, double min) {
    Optional<Double> number = typed(key, Number.class, "a number").map(Number::doubleValue);
    if (number.isPresent() && !(Double.isFinite(number.get()) && number.get() >= min)) {
      throw wrong(key, number.get(), "a number of at least " + min);
    }
    return number;
  }

  double requiredNumber(String key, double min) {
    return number(key, min).orElseThrow(() -> missing(key));
  }

  /** One whole number, or a list of them; empty where the key is absent. */
  List<Integer> integers(String key, int min, int max) {
    return values.get(key) instanceof List<?> list
        ? list.stream().map(v -> inRange(key, v, min, max)).toList()
        : integer(key, min, max).map(List::of).orElse(List.of());
  }

  @SuppressWarnings("unchecked") // both readers make maps with String keys only
  Optional<Fields> object(String key) {
    return typed(key, Map.class, "an object").map(map -> new Fields(key + " of " + source, map));
  }

  Refusal missing(String key) {
    return Refusal.model(
        source + " has no " + key,
        "download the model again; if it stays so, the model is not supported");
  }

  Refusal wrong(String key, Object found, String expected) {
    return Refusal.model(
        key + " in " + source + " is " + shown(found) + ", expected " + expected,
        "download the model again, or correct the file");
  }

  Refusal unsupported(String key, Object found, String supported) {
    return Refusal.model(
        key
            + " in "
            + source
            + " is "
            + shown(found)
            + ", which is not supported; supported: "
            + supported,
        "choose a model of a supported kind");
  }

  /** Short enough for a message, whatever a file holds. */
  static String shown(Object value) {
    String text =
        switch (value) {
          case null -> "null";
          case List<?> list -> "a list of " + list.size();
          case Map<?, ?> map -> "an object of " + map.size();
          case String s -> "'" + (s.length() <= SHOWN ? s : s.substring(0, SHOWN) + "…") + "'";
          case Number n -> n.toString();
          case Boolean b -> b.toString();
          case Object other -> "an array";
        };
    return text.length() <= SHOWN + 3 ? text : text.substring(0, SHOWN) + "…";
  }

  private <T> Optional<T> typed(String key, Class<T> type, String expected) {
    Object value = values.get(key);
    if (value != null && !type.isInstance(value)) {
      throw wrong(key, value, expected);
    }
    return Optional.ofNullable(type.cast(value));
  }

  private int inRange(String key, Object value, int min, int max) {
    boolean whole =
        value instanceof Integer || value instanceof Long || value instanceof BigInteger;
    if (whole) {
      BigInteger big =
          value instanceof BigInteger b ? b : BigInteger.valueOf(((Number) value).longValue());
      if (big.bitLength() < Integer.SIZE && big.intValue() >= min && big.intValue() <= max) {
        return big.intValue();
      }
    }
    throw wrong(key, value, "a whole number from " + min + " to " + max);
  }
}

// Fields: typed and range-checked reading of the keys of a JSON object or of a GGUF header.
package dev.gatun.weights;

import dev.gatun.refusal.Refusal;
import java.math.BigInteger;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A key that is absent or null reads as empty; one of another type or out of range is refused by name.
 *
 * @param source where the keys stand, for messages: {@code 'config.json'}, {@code rope_scaling of 'config.json'}
 */
record Fields(String source, Map<String, Object> values) {
  private static final int SHOWN = 60;

  boolean has(String key) {
    return values.get(key) != null;
  }

  Optional<String> text(String key) {
    return switch (values.get(key)) {
      case null -> Optional.empty();
      case String s -> Optional.of(s);
      case Object other -> throw wrong(key, other, "a text");
    };
  }

  Optional<Boolean> flag(String key) {
    return switch (values.get(key)) {
      case null -> Optional.empty();
      case Boolean b -> Optional.of(b);
      case Object other -> throw wrong(key, other, "true or false");
    };
  }

  Optional<Integer> integer(String key, int min, int max) {
    return Optional.ofNullable(values.get(key)).map(v -> inRange(key, v, min, max));
  }

  int requiredInteger(String key, int min, int max) {
    return integer(key, min, max).orElseThrow(() -> missing(key));
  }

  /** A finite number from {@code min}, inclusive. */
  Optional<Double> number(String key, double min) {
    return switch (values.get(key)) {
      case null -> Optional.empty();
      case Number n when Double.isFinite(n.doubleValue()) && n.doubleValue() >= min ->
          Optional.of(n.doubleValue());
      case Object other -> throw wrong(key, other, "a number of at least " + min);
    };
  }

  double requiredNumber(String key, double min) {
    return number(key, min).orElseThrow(() -> missing(key));
  }

  /** One whole number, or a list of them; empty where the key is absent. */
  List<Integer> integers(String key, int min, int max) {
    return switch (values.get(key)) {
      case null -> List.of();
      case List<?> list -> list.stream().map(v -> inRange(key, v, min, max)).toList();
      case Object one -> List.of(inRange(key, one, min, max));
    };
  }

  @SuppressWarnings("unchecked") // both readers make maps with String keys only
  Optional<Fields> object(String key) {
    return switch (values.get(key)) {
      case null -> Optional.empty();
      case Map<?, ?> map -> Optional.of(new Fields(key + " of " + source, (Map<String, Object>) map));
      case Object other -> throw wrong(key, other, "an object");
    };
  }

  Refusal missing(String key) {
    return Refusal.model(source + " has no " + key, "download the model again; if it stays so, the model is not supported");
  }

  Refusal wrong(String key, Object found, String expected) {
    return Refusal.model(
        key + " in " + source + " is " + shown(found) + ", expected " + expected,
        "download the model again, or correct the file");
  }

  Refusal unsupported(String key, Object found, String supported) {
    return Refusal.model(
        key + " in " + source + " is " + shown(found) + ", which is not supported; supported: " + supported,
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

  private int inRange(String key, Object value, int min, int max) {
    boolean whole = value instanceof Integer || value instanceof Long || value instanceof BigInteger;
    if (whole) {
      BigInteger big = value instanceof BigInteger b ? b : BigInteger.valueOf(((Number) value).longValue());
      if (big.bitLength() < Integer.SIZE && big.intValue() >= min && big.intValue() <= max) {
        return big.intValue();
      }
    }
    throw wrong(key, value, "a whole number from " + min + " to " + max);
  }
}

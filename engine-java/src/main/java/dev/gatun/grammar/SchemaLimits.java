// SchemaLimits: what of a JSON schema would take too long to compile.
package dev.gatun.grammar;

import com.fasterxml.jackson.databind.JsonNode;
import dev.gatun.refusal.Refusal;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * llguidance compares each case of some keywords with each other one, and keeps a state for each
 * remainder of a number, without limits of its own. Counted wherever a key of such a name stands.
 */
final class SchemaLimits {
  /** Cases of one list or object, by its keyword. */
  private static final Map<String, Integer> MOST =
      Map.of("properties", 1_000, "patternProperties", 30, "allOf", 16, "oneOf", 200);

  /** Of the least common multiple of all steps, in units of the finest one's last digit. */
  private static final BigInteger MOST_REMAINDERS = BigInteger.valueOf(10_000);

  private static final int MOST_DIGITS = 12;

  /** That a text must match at once; what that takes may double with each. */
  private static final int MOST_PATTERNS = 8;

  private SchemaLimits() {}

  static void check(JsonNode schema) {
    List<BigDecimal> steps = new ArrayList<>();
    collect(schema, steps);
    int scale = steps.stream().mapToInt(BigDecimal::scale).max().orElse(0);
    BigInteger multiple = BigInteger.ONE;
    for (BigDecimal step : steps) {
      BigInteger units = step.setScale(Math.max(0, scale)).unscaledValue();
      multiple = multiple.divide(multiple.gcd(units)).multiply(units);
      if (multiple.compareTo(MOST_REMAINDERS) > 0) {
        throw Refusal.usage(
            "the JSON schema is not supported: multipleOf with more than "
                + MOST_REMAINDERS
                + " remainders ("
                + step.toPlainString()
                + ")",
            "use smaller steps, or a minimum and a maximum");
      }
    }
  }

  private static void collect(JsonNode node, List<BigDecimal> steps) {
    if (node.isObject()) {
      if (patterns(node) > MOST_PATTERNS) {
        throw Refusal.usage(
            "the JSON schema is not supported: allOf of more than " + MOST_PATTERNS + " patterns",
            "write one pattern");
      }
      for (Map.Entry<String, JsonNode> entry : node.properties()) {
        int most = MOST.getOrDefault(entry.getKey(), Integer.MAX_VALUE);
        if (entry.getValue().size() > most) {
          throw Refusal.usage(
              "the JSON schema is not supported: "
                  + entry.getKey()
                  + " with "
                  + entry.getValue().size()
                  + " entries, the most is "
                  + most,
              "split it or leave some out");
        }
        if (entry.getKey().equals("multipleOf") && entry.getValue().isNumber()) {
          steps.add(step(entry.getValue().decimalValue()));
        }
      }
    }
    for (JsonNode inner : node) {
      collect(inner, steps);
    }
  }

  /** Of one text, by the schema itself and all that it joins. */
  private static int patterns(JsonNode schema) {
    int count = schema.has("pattern") ? 1 : 0;
    for (JsonNode each : schema.path("allOf")) {
      count += patterns(each);
    }
    return count;
  }

  private static BigDecimal step(BigDecimal value) {
    BigDecimal step = value.stripTrailingZeros();
    if (step.signum() <= 0 || step.precision() + Math.abs(step.scale()) > MOST_DIGITS) {
      throw Refusal.usage(
          "the JSON schema is not supported: multipleOf " + value, "use a step of few digits");
    }
    return step;
  }
}

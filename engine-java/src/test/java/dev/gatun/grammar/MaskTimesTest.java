// MaskTimesTest: how long the masks of an answer take, in one line of the log.
package dev.gatun.grammar;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.chat.OutputFormat.JsonSchema;
import dev.gatun.sample.TokenMask;
import java.util.Arrays;
import java.util.Locale;
import org.junit.jupiter.api.Test;

class MaskTimesTest {
  private static final JsonSchema ORDERS =
      new JsonSchema(
          """
          {"type": "object", "additionalProperties": false, "required": ["orders"],
           "properties": {"orders": {"type": "array", "items": {
             "type": "object", "additionalProperties": false,
             "required": ["id", "state", "lines"],
             "properties": {
               "id": {"type": "string", "pattern": "^[A-Z]{2}-[0-9]{4}$"},
               "state": {"enum": ["open", "paid", "sent"]},
               "note": {"type": "string", "maxLength": 200},
               "lines": {"type": "array", "items": {
                 "type": "object", "additionalProperties": false,
                 "required": ["what", "count", "price"],
                 "properties": {"what": {"type": "string"},
                   "count": {"type": "integer", "minimum": 1},
                   "price": {"type": "number", "minimum": 0}}}}}}}}}
          """);

  private static final String LINE =
      "{\"what\": \"a kettle of copper, for two\", \"count\": 2, \"price\": 19.5}";
  private static final String ORDER =
      "{\"id\": \"AB-2041\", \"state\": \"paid\", \"note\": \"To be left with the neighbour.\","
          + " \"lines\": ["
          + LINE
          + ", "
          + LINE
          + "]}";
  private static final String ANSWER = "{\"orders\": [" + ORDER + ", " + ORDER + "]}";

  /** Once to warm up, then three times by masks that begin anew, as each answer's does. */
  @Test
  void eachTokenOfTheAnswerIsTimed() {
    int[] ids = Walk.TOKENIZER.encode(ANSWER, false);
    Grammar grammar = Walk.GRAMMARS.compile(ORDERS);
    long[] nanos = new long[3 * ids.length];
    for (int round = -1; round < 3; round++) {
      try (TokenMask mask = grammar.start()) {
        for (int i = 0; i < ids.length; i++) {
          long start = System.nanoTime();
          mask.prepare();
          long end = System.nanoTime();
          assertTrue(Walk.allows(mask, ids[i]));
          mask.accept(ids[i]);
          nanos[Math.max(0, round) * ids.length + i] = end - start;
        }
        assertTrue(mask.ends());
      }
    }
    Arrays.sort(nanos);
    System.out.printf(
        Locale.ROOT,
        "masks of %d tokens, vocabulary of %d: %.1f us median, %.1f mean, %.0f p99, %.0f most%n",
        ids.length,
        Walk.TOKENIZER.vocabSize(),
        nanos[nanos.length / 2] / 1e3,
        Arrays.stream(nanos).average().orElseThrow() / 1e3,
        nanos[nanos.length * 99 / 100] / 1e3,
        nanos[nanos.length - 1] / 1e3);
  }
}

// Refusals: expects a refusal for a bad model, and nothing but one clear line of it.
package dev.gatun.weights;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.refusal.Refusal;
import org.junit.jupiter.api.function.Executable;

final class Refusals {
  private Refusals() {}

  /** Refused with reason MODEL, in one short line that holds every one of {@code words}. */
  static void expect(Executable attempt, String... words) {
    Refusal refusal = assertThrows(Refusal.class, attempt);
    assertEquals(Refusal.Reason.MODEL, refusal.reason());
    String line = refusal.getMessage();
    assertTrue(line.lines().count() == 1 && line.length() < 500 && line.contains("; "), line);
    for (String word : words) {
      assertTrue(line.contains(word), () -> "no '" + word + "' in: " + line);
    }
  }
}

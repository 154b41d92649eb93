// StopStringsTest: an answer ends before a stop string, however it is cut into pieces.
package dev.gatun.dialogue;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class StopStringsTest {
  @Test
  void theTextEndsBeforeTheStopWhereverItIsCut() {
    String text = "one aab two User: three";
    for (int cut = 0; cut <= text.length(); cut++) {
      StringBuilder seen = new StringBuilder();
      StopStrings stops = new StopStrings(List.of("aaab", "User:"), seen::append);
      stops.push(text.substring(0, cut));
      stops.push(text.substring(cut));
      assertTrue(stops.found());
      assertEquals("one aab two ", seen.toString());
    }
  }

  @Test
  void theEarliestOfSeveralCounts() {
    StringBuilder seen = new StringBuilder();
    StopStrings stops = new StopStrings(List.of("c", "b"), seen::append);
    stops.push("abc");
    stops.push("more");
    stops.finish();
    assertEquals("a", seen.toString());
    assertEquals(Optional.of("b"), stops.which());
  }

  @Test
  void whatWasHeldBackComesAtTheEnd() {
    StringBuilder seen = new StringBuilder();
    StopStrings stops = new StopStrings(List.of("User:"), seen::append);
    stops.push("the Use");
    assertEquals("the ", seen.toString());
    stops.finish();
    assertEquals("the Use", seen.toString());
    assertFalse(stops.found());
    assertEquals(Optional.empty(), stops.which());
  }
}

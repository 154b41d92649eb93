// MessageParserTest: which lines make one message.
package dev.gatun.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class MessageParserTest {
  @Test
  void aBackslashAtTheEndGoesOn() {
    assertTrue(MessageParser.goesOn("one\\"));
    assertFalse(MessageParser.goesOn("one\\\ntwo"));
    assertEquals("one\ntwo", MessageParser.text("one\\\ntwo"));
  }

  @Test
  void aFenceGoesOnUntilTheNext() {
    assertTrue(MessageParser.goesOn("\"\"\""));
    assertTrue(MessageParser.goesOn("\"\"\"\""));
    assertTrue(MessageParser.goesOn("\"\"\"\none"));
    assertFalse(MessageParser.goesOn("\"\"\"\none\n\"\"\""));
    assertEquals("one\n\ntwo", MessageParser.text("\"\"\"\none\n\ntwo\n\"\"\""));
    assertEquals("one", MessageParser.text("\"\"\"one\"\"\""));
  }

  @Test
  void otherQuotesAndBackslashesAreText() {
    for (String line : new String[] {"it's", "\"open", "a\\b", "say \"\"\" now"}) {
      assertFalse(MessageParser.goesOn(line));
      assertEquals(line, MessageParser.text(line));
    }
  }
}

// GrammarsTest: what each form of answers allows, token by token.
package dev.gatun.grammar;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.chat.OutputFormat;
import dev.gatun.chat.OutputFormat.JsonObject;
import dev.gatun.chat.OutputFormat.JsonSchema;
import dev.gatun.chat.OutputFormat.Lark;
import dev.gatun.chat.OutputFormat.Regex;
import dev.gatun.chat.OutputFormat.Text;
import dev.gatun.refusal.Refusal;
import dev.gatun.sample.TokenMask;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GrammarsTest {
  private static final OutputFormat PERSON =
      new JsonSchema(
          """
          {"type": "object",
           "properties": {"name": {"type": "string"}, "age": {"type": "integer", "minimum": 0}},
           "required": ["name", "age"], "additionalProperties": false}
          """);

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"name\": \"Ada\", \"age\": 36}",
        "{\"name\":\"Zoë 😀\",\"age\":0}",
        "{\n  \"name\": \"Ada\",\n  \"age\": 36\n}"
      })
  void aDocumentOfTheSchemaIsTaken(String text) {
    assertTrue(Walk.takes(PERSON, text));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "{}",
        "{\"name\": \"Ada\", \"age\": -1}",
        "{\"name\": \"Ada\", \"age\": 36",
        "{\"name\": \"Ada\", \"age\": 36} ",
        "{\"name\": \"Ada\",   \"age\": 36}",
        "{\"age\": 36, \"name\": \"Ada\"}",
        "{\"name\": \"Ada\", \"age\": 36, \"x\": 1}"
      })
  void whatIsNoneIsNot(String text) {
    assertFalse(Walk.takes(PERSON, text));
  }

  @Test
  void jsonModeTakesAnyObject() {
    assertTrue(Walk.takes(new JsonObject(), "{\"a\": [1, {\"b\": null}], \"c\": \"\\n\"}"));
    assertTrue(Walk.takes(new JsonObject(), "{}"));
    assertFalse(Walk.takes(new JsonObject(), "[1]"));
    assertFalse(Walk.takes(new JsonObject(), "{\"a\": 01}"));
  }

  @Test
  void aPatternIsOfTheWholeAnswer() {
    OutputFormat date = new Regex("[0-9]{4}-[0-9]{2}");
    assertTrue(Walk.takes(date, "2026-11"));
    assertFalse(Walk.takes(date, "2026-1"));
    assertFalse(Walk.takes(date, "2026-111"));
  }

  @Test
  void larkIsTaken() {
    OutputFormat sum = new Lark("start: N (\"+\" N)*\nN: /[0-9]+/");
    assertTrue(Walk.takes(sum, "1+22+3"));
    assertFalse(Walk.takes(sum, "1+"));
  }

  @Test
  void theAnswerEndsWhereNothingMayFollow() {
    try (TokenMask mask = Walk.GRAMMARS.compile(new Regex("yes|no|nothing")).start()) {
      assertFalse(mask.ends());
      int[] no = Walk.TOKENIZER.encode("no", false);
      mask.accept(no[0]);
      assertFalse(mask.ends());
      assertTrue(Walk.allows(mask, 151_645));
      mask.accept(Walk.TOKENIZER.encode("thing", false)[0]);
      assertTrue(mask.ends());
    }
  }

  @Test
  void aStopTokenEndsIt() {
    try (TokenMask mask = Walk.GRAMMARS.compile(new Regex("a*")).start()) {
      mask.accept(Walk.TOKENIZER.encode("a", false)[0]);
      assertFalse(mask.ends());
      mask.accept(151_643);
      assertTrue(mask.ends());
    }
  }

  @Test
  void aModelMayHaveNoStopToken() {
    Grammars grammars = new Grammars(Walk.TOKENIZER, Set.of(999_999)); // none of the vocabulary
    try (TokenMask mask = grammars.compile(new Regex("no(thing)?")).start()) {
      mask.accept(Walk.TOKENIZER.encode("no", false)[0]);
      assertFalse(Walk.allows(mask, 151_645));
      assertFalse(mask.ends());
      mask.accept(Walk.TOKENIZER.encode("thing", false)[0]);
      assertTrue(mask.ends());
    }
  }

  @Test
  void aSpecialTokenIsNoText() {
    try (TokenMask mask = Walk.GRAMMARS.compile(new Regex("(?s:.*)")).start()) {
      assertFalse(Walk.allows(mask, 151_644)); // <|im_start|>
      assertTrue(Walk.allows(mask, 151_645));
    }
  }

  @Test
  void compilationsThatNeverEndLeaveRoomForNoMoreThanSome() {
    OutputFormat fresh = new Regex("only [0-9] here");
    int all = Compilation.PLACES.drainPermits();
    try {
      Refusal refusal = assertThrows(Refusal.class, () -> Walk.GRAMMARS.compile(fresh));
      assertEquals(Refusal.Reason.DOES_NOT_FIT, refusal.reason());
    } finally {
      Compilation.PLACES.release(all);
    }
    assertTrue(Walk.takes(fresh, "only 7 here"));
  }

  @Test
  void aPlaceThatBecomesFreeIsWaitedFor() {
    int all = Compilation.PLACES.drainPermits();
    Thread.ofVirtual()
        .start(
            () -> {
              LockSupport.parkNanos(100_000_000);
              Compilation.PLACES.release(all);
            });
    assertTrue(Walk.takes(new Regex("soon [0-9] here"), "soon 7 here"));
  }

  @Test
  void whatTheMaskForbidsIsRefused() {
    try (TokenMask mask = Walk.GRAMMARS.compile(PERSON).start()) {
      assertThrows(Refusal.class, () -> mask.accept(0));
      assertThrows(Refusal.class, mask::allowed);
    }
  }

  @Test
  void freeTextHasNoGrammar() {
    assertThrows(IllegalArgumentException.class, () -> Walk.GRAMMARS.compile(new Text()));
  }

  @Test
  void whatIsCachedIsBounded() {
    Grammars grammars = new Grammars(Walk.TOKENIZER, Walk.STOP_IDS);
    Grammar first = grammars.compile(new Regex("first"));
    for (int i = 0; i < Compiled.MOST; i++) {
      grammars.compile(new Regex("a{" + (i + 1) + "}"));
    }
    assertEquals(Compiled.MOST, grammars.cached());
    grammars.compile(new Regex("b|" + "c".repeat(Source.LONGEST - 2)));
    assertTrue(Walk.takes(first, "first"));
  }
}

// OnigurumaTest: patterns mean what they mean to Oniguruma, or are refused.
package dev.gatun.text;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.gatun.refusal.Refusal;
import java.util.List;
import java.util.regex.MatchResult;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OnigurumaTest {
  private static List<String> matches(String pattern, String text) {
    return Oniguruma.compile(pattern).matcher(text).results().map(MatchResult::group).toList();
  }

  @Test
  void meansWhatOnigurumaMeans() {
    assertEquals(List.of("a", "b_1\u0301\u0661", "Ⓐ"), matches("\\w+", "a\u200Db_1\u0301\u0661²Ⓐ"));
    assertEquals(
        List.of("\u00A0\u3000", "\u0085"), matches("\\s+", "\u00A0\u3000x\u200B\u0085\u180E"));
    assertEquals(List.of("'ſ", "'S"), matches("(?i:'s|'t)", "x'ſ x'S"));
    assertEquals(List.of("12345"), matches("\\p{N}{1,3}+", "12345x"));
    assertEquals(List.of("a", "a"), matches("a$", "a\na\r\na"));
    assertEquals(List.of("a\nb", "a\rb"), matches("a.b", "a\nba\rb"));
    assertEquals(
        List.of("xx", "x"),
        matches("x{,2}(?!y)", "xxx").stream().filter(m -> !m.isEmpty()).toList());
    assertEquals(List.of("a{x", "}"), matches("a{x|}", "a{x}"));
    assertEquals(List.of("👍"), matches("\\x{1F44D}", "x👍"));
    assertEquals(List.of("]", "["), matches("[]\\[]", "]a["));
    assertEquals(List.of("漢字"), matches("\\p{Han}+", "漢字かな"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\\h",
        "\\X",
        "\\R",
        "[[:alpha:]]",
        "x{2,3}+",
        "(?x: a)",
        "(a",
        "[a",
        "a\\",
        "\\p{Nonsense}",
        "\\pL"
      })
  void refusesTheRest(String pattern) {
    assertThrows(Refusal.class, () -> Oniguruma.compile(pattern));
  }
}

// GbnfTest: grammars in llama.cpp's notation, and what is wrong with some.
package dev.gatun.grammar;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.chat.OutputFormat.Gbnf;
import dev.gatun.refusal.Refusal;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GbnfTest {
  private static final Gbnf JSON =
      new Gbnf(
          """
          # JSON, whose rules come back to themselves
          root   ::= object
          value  ::= object | array | string | number | ("true" | "false" | "null") ws
          object ::= "{" ws (
              string ":" ws value ("," ws string ":" ws value)*
            )? "}" ws
          array  ::= "[" ws ( value ("," ws value)* )? "]" ws
          string ::= "\\"" ( [^"\\\\\\x7F\\x00-\\x1F] | "\\\\" (["\\\\bfnrt] | "u" [0-9a-fA-F]{4}) )* "\\"" ws
          number ::= ("-"? ([0-9] | [1-9] [0-9]{0,15})) ("." [0-9]+)? ws
          ws     ::= | " " | "\\n" [ \\t]{0,20}
          """);

  private static boolean takes(String grammar, String text) {
    return Walk.takes(new Gbnf(grammar), text);
  }

  @Test
  void rulesMayComeBackToThemselves() {
    for (String text : List.of("{}", "{\"a\": [1, -2.5, {\"b\": \"\\u00e9\"}], \"c\":true}")) {
      assertTrue(Walk.takes(JSON, text), text);
    }
    for (String text : List.of("[]", "{\"a\": 01}", "{\"a\":}", "{\"a\": \"\t\"}", "{")) {
      assertFalse(Walk.takes(JSON, text), text);
    }
  }

  @Test
  void withoutRecursionItIsOnePattern() {
    // Where the parts would not know how much to leave for the next.
    String grammar = "root ::= word \"b\" | \"ab\" \"d\" | \"a\" \"bc\"\nword ::= [a-z]+";
    for (String text : List.of("aab", "abd", "abc", "bbbb")) {
      assertTrue(takes(grammar, text), text);
    }
    assertFalse(takes(grammar, "aba"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      textBlock =
          """
          root ::= "a"*; aaa; b
          root ::= "a"+; a; ''
          root ::= "ab"?; ab; a
          root ::= "a"{2}; aa; aaa
          root ::= "a"{2,}; aaaa; a
          root ::= "a"{1,3}; aaa; aaaa
          root ::= ("a" | "b")* "c"; abac; ab
          root ::= [a-cx]+; abcx; d
          root ::= [^a-c]+; déf; a
          root ::= [-a]+; a-a; b
          root ::= [a-]+; a-a; b
          root ::= .; é; aa
          root ::= "\\x41\\u00e9\\U0001F600"; Aé😀; A
          root ::= "say \\"hi\\"\\\\" [\\]\\[]; say "hi"\\]; say
          root ::= "a/b" [/]; a/b/; a/b
          root ::= a-1 # the end; x; y
          """)
  void eachSignMeansWhatItDoesThere(String grammar, String taken, String refused) {
    String whole = grammar + "\na-1 ::= \"x\"\n";
    assertTrue(takes(whole, taken), taken);
    assertFalse(takes(whole, refused), refused);
  }

  @Test
  void aRuleGoesOnBehindABar() {
    assertTrue(takes("root ::=\n  \"a\" |\n  # or\n  \"b\"\n", "b"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      textBlock =
          """
          start ::= "a"; has no rule "root"
          root ::= other; names the rule "other"
          root ::= "a; the end of the grammar, expected "
          root ::= [a; the end of the grammar, expected ]
          root ::= ("a"; its end, expected )
          root ::= "a" ) "b"; expected the end of the line
          root = "a"; expected ::=
          root ::= "a"{3,2}; a repetition of 3 to 2
          root ::= "a"{9999}; a repetition of more than 2000
          root ::= "a"{x}; expected a number
          root ::= "\\q"; an unknown escape before "q
          root ::= "\\x4"; an escape without its 2 hexadecimal digits
          root ::= "\\uD800"; an escape of no character
          root ::= [b-a]; a range whose end is before its beginning
          root ::= []; an empty set of characters
          root ::= <think>; a token, which is not supported
          root ::= a_b; expected a rule's name
          """)
  void whatIsWrongIsNamed(String grammar, String named) {
    Refusal refusal = assertThrows(Refusal.class, () -> takes(grammar, ""));
    assertEquals(Refusal.Reason.USAGE, refusal.reason());
    assertTrue(refusal.getMessage().contains(named), refusal.getMessage());
  }

  @Test
  void aRuleIsDefinedOnce() {
    Refusal refusal =
        assertThrows(Refusal.class, () -> takes("root ::= \"a\"\nroot ::= \"b\"", "a"));
    assertTrue(refusal.getMessage().contains("line 2"), refusal.getMessage());
  }

  @Test
  void parenthesesMayBeSoDeepOnly() {
    String deep = "root ::= " + "(".repeat(101) + "\"a\"" + ")".repeat(101);
    assertThrows(Refusal.class, () -> takes(deep, "a"));
  }
}

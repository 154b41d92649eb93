// LoopGuardTest: loops of every length are seen, lists and tables are not taken for one.
package dev.gatun.dialogue;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Random;
import java.util.function.IntUnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LoopGuardTest {
  private static final int NEVER = -1;

  /** How many of the tokens are seen when the guard tells; {@link #NEVER} where it does not. */
  private static int toldAfter(IntUnaryOperator tokens, int count) {
    LoopGuard guard = new LoopGuard();
    for (int i = 0; i < count; i++) {
      if (guard.loops(tokens.applyAsInt(i))) {
        return i + 1;
      }
    }
    return NEVER;
  }

  /** Every character a token: rows are alike over longer stretches than as words. */
  private static int toldAfter(String text) {
    return toldAfter(text::charAt, text.length());
  }

  private static int needed(int round) {
    return Math.max(LoopGuard.LEAST_TOKENS, LoopGuard.ROUNDS * round);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 7, 127, 128, 129, 500, 1023, 1024})
  void aLoopIsToldAsSoonAsItHasCome(int round) {
    int before = 777; // tokens that all differ
    int start = 1_000_000;
    int count = toldAfter(i -> i < before ? start + i : (i - before) % round, before + 8192);
    assertEquals(before + needed(round), count);
    assertEquals(needed(round), toldAfter(i -> i % round, 8192));
  }

  @Test
  void aRoundThatIsTooLongIsNone() {
    assertEquals(NEVER, toldAfter(i -> i % 1025, 20_000));
  }

  @Test
  void aBreakBeginsTheCountAnew() {
    // One token is another, right before it would be a loop.
    int broken = needed(10) - 1;
    assertEquals(
        broken + 1 + needed(10),
        toldAfter(i -> i == broken ? 99 : i < broken ? i % 10 : (i - broken - 1) % 10, 8192));
  }

  @Test
  void roundsThatDifferInOneTokenAreNoLoop() {
    assertEquals(NEVER, toldAfter(i -> i % 40 == 39 ? 1000 + i / 40 : i % 40, 40_000));
  }

  @Test
  void chanceIsNoLoop() {
    Random random = new Random(3);
    assertEquals(NEVER, toldAfter(_ -> random.nextInt(2), 200_000));
  }

  @Test
  void listsAndTablesAreNoLoops() {
    String list =
        IntStream.range(1, 2000)
            .mapToObj(i -> i + ". Check that row " + i + " is not empty.\n")
            .collect(Collectors.joining());
    assertEquals(NEVER, toldAfter(list));
    String products =
        IntStream.range(0, 40 * 40)
            .mapToObj(i -> "| " + i / 40 * (i % 40) + (i % 40 == 39 ? " |\n" : " "))
            .collect(Collectors.joining());
    assertEquals(NEVER, toldAfter(products));
    String steps =
        IntStream.range(1, 500)
            .mapToObj(i -> "x = " + i + ": f(x) = 2 * " + i + " + 1 = " + (2 * i + 1) + ", odd.\n")
            .collect(Collectors.joining());
    assertEquals(NEVER, toldAfter(steps));
    String ruled = ("|" + " 0 |".repeat(15) + "\n").repeat(8) + "-".repeat(400);
    assertEquals(NEVER, toldAfter(ruled));
  }

  @Test
  void aSentenceSaidAgainAndAgainIsALoop() {
    String sentence = "Wait, but maybe I should check the second condition once more.\n";
    assertEquals(LoopGuard.LEAST_TOKENS, toldAfter(sentence.repeat(100)));
  }
}

// StepPolicyTest: who runs next.
package dev.gatun.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.engine.StepPolicy.Offer;
import dev.gatun.load.Batching.PromptOrder;
import dev.gatun.step.StepBounds;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class StepPolicyTest {
  private static final StepBounds MOST = new StepBounds(64, 8, 8);

  private static Offer prompt(int tokens) {
    return new Offer(tokens, false, false);
  }

  private static Offer decodes() {
    return new Offer(1, true, false);
  }

  private static int[] tokenCounts(PromptOrder order, Offer... offers) {
    return new StepPolicy(MOST, 16, order).tokenCounts(List.of(offers));
  }

  @Test
  void aPromptAloneTakesTheStep() {
    assertArrayEquals(new int[] {64}, tokenCounts(PromptOrder.EQUAL, prompt(1000)));
    assertArrayEquals(new int[] {5}, tokenCounts(PromptOrder.EQUAL, prompt(5)));
  }

  @Test
  void aLongPromptIsCutSoThatOthersGoOn() {
    assertArrayEquals(
        new int[] {16, 1, 1}, tokenCounts(PromptOrder.EQUAL, prompt(1000), decodes(), decodes()));
  }

  @Test
  void aSequenceWhoseTokenIsNotKnownYetWaits() {
    assertArrayEquals(
        new int[] {0, 1}, tokenCounts(PromptOrder.EQUAL, new Offer(0, true, false), decodes()));
  }

  @Test
  void promptsTakeAlikeOrTheFirstTakesAll() {
    Offer[] three = {prompt(1000), prompt(3), prompt(1000)};
    assertArrayEquals(new int[] {22, 3, 39}, tokenCounts(PromptOrder.EQUAL, three));
    assertArrayEquals(new int[] {64, 0, 0}, tokenCounts(PromptOrder.ARRIVAL, three));
  }

  @Test
  void everyRowOfLogitsIsCounted() {
    Offer every = new Offer(1000, false, true);
    assertArrayEquals(new int[] {8}, tokenCounts(PromptOrder.EQUAL, every));
    assertArrayEquals(
        new int[] {6, 1, 10}, tokenCounts(PromptOrder.EQUAL, every, decodes(), prompt(50)));
  }

  @Test
  void aStepNeverHasMoreThanItMayAndSomebodyAlwaysRuns() {
    Random random = new Random(1);
    for (int round = 0; round < 10_000; round++) {
      List<Offer> offers = new ArrayList<>();
      for (int i = 1 + random.nextInt(MOST.sequences()); i > 0; i--) {
        boolean decodes = random.nextBoolean();
        int tokens = decodes ? random.nextInt(2) : random.nextInt(100);
        offers.add(new Offer(tokens, decodes, !decodes && random.nextInt(4) == 0));
      }
      PromptOrder order = PromptOrder.values()[random.nextInt(2)];
      int[] counts = new StepPolicy(MOST, 1 + random.nextInt(20), order).tokenCounts(offers);
      int rows = 0;
      for (int i = 0; i < counts.length; i++) {
        assertTrue(counts[i] >= 0 && counts[i] <= offers.get(i).tokens());
        rows += offers.get(i).everyRow() ? counts[i] : counts[i] > 0 ? 1 : 0;
      }
      assertTrue(Arrays.stream(counts).sum() <= MOST.tokens(), offers.toString());
      assertTrue(rows <= MOST.logitRows(), offers + " " + Arrays.toString(counts));
      boolean ready = offers.stream().anyMatch(offer -> offer.tokens() > 0);
      assertTrue(!ready || Arrays.stream(counts).sum() > 0, offers.toString());
    }
  }
}

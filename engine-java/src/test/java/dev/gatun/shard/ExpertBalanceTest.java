// ExpertBalanceTest: skewed loads end within 5 % of the mean, and every placement is one that
// devices can hold.
package dev.gatun.shard;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ExpertBalanceTest {
  private static final int EXPERTS = 256;
  private static final int SEEDS = 20;

  /** None twice on a device, none left out, ascending, at most {@code slots} on each. */
  private static void assertPlaced(List<List<Integer>> held, int experts, int devices, int slots) {
    assertEquals(devices, held.size());
    for (List<Integer> device : held) {
      assertTrue(device.size() <= slots, () -> device + " in " + slots + " slots");
      assertEquals(device.stream().sorted().distinct().toList(), device);
    }
    List<Integer> all = held.stream().flatMap(List::stream).sorted().distinct().toList();
    assertEquals(IntStream.range(0, experts).boxed().toList(), all);
  }

  @ParameterizedTest
  @EnumSource
  void oneCopyADeviceBringsTheFullestWithinFivePercent(Skew skew) {
    for (int devices : new int[] {8, 16, 32}) {
      int slots = EXPERTS / devices + 1;
      for (int seed = 0; seed < SEEDS; seed++) {
        double[] loads = skew.loads(EXPERTS, seed);
        List<List<Integer>> held = ExpertBalance.balanced(loads, devices, slots);
        assertPlaced(held, EXPERTS, devices, slots);
        assertTrue(held.stream().allMatch(device -> device.size() == slots));
        double balance = ExpertBalance.balance(loads, held);
        String what = devices + " devices, seed " + seed + ": " + balance;
        assertTrue(balance <= 1 && 1 / balance <= 1.05, what);
        assertEquals(held, ExpertBalance.balanced(loads.clone(), devices, slots), what);
        double contiguous =
            ExpertBalance.balance(loads, ExpertBalance.contiguous(EXPERTS, devices));
        assertTrue(contiguous < balance, what + ", contiguous " + contiguous);
      }
    }
  }

  /** The example of DeepSeek's own program and its answer (source: deepseek-ai/EPLB, README.md). */
  @Test
  void placesAsDeepSeeksExample() {
    assertEquals(
        List.of(
            List.of(5, 6),
            List.of(5, 7),
            List.of(4, 8),
            List.of(3, 4),
            List.of(9, 10),
            List.of(2, 10),
            List.of(0, 1),
            List.of(1, 11)),
        ExpertBalance.balanced(
            new double[] {90, 132, 40, 61, 104, 165, 39, 4, 73, 56, 183, 86}, 8, 2, 4, 2));
    assertEquals(
        List.of(
            List.of(7, 10),
            List.of(6, 8),
            List.of(6, 11),
            List.of(8, 9),
            List.of(2, 4),
            List.of(1, 5),
            List.of(0, 5),
            List.of(1, 3)),
        ExpertBalance.balanced(
            new double[] {20, 107, 104, 64, 19, 197, 187, 157, 172, 86, 16, 27}, 8, 2, 4, 2));
  }

  @Test
  void withoutCopiesTheHeaviestGoToTheLightest() {
    List<List<Integer>> held = ExpertBalance.balanced(new double[] {1, 9, 3, 7, 5, 2}, 2, 3);
    assertEquals(List.of(List.of(1, 2, 5), List.of(0, 3, 4)), held);
    assertEquals(13.5 / 14, ExpertBalance.balance(new double[] {1, 9, 3, 7, 5, 2}, held));
  }

  @Test
  void tiesGoToTheLowestNumber() {
    double[] even = {1, 1, 1, 1};
    assertEquals(List.of(List.of(0, 2), List.of(1, 3)), ExpertBalance.balanced(even, 2, 2));
    assertEquals(List.of(List.of(0, 1, 2), List.of(0, 1, 3)), ExpertBalance.balanced(even, 2, 3));
    assertEquals(
        List.of(List.of(0, 1, 2), List.of(0, 1, 3)), ExpertBalance.balanced(new double[4], 2, 3));
  }

  /**
   * All copies of any shape find devices of their own, with nothing counted, with expert loads so
   * far apart that sums round the small ones away, and with near ties.
   */
  @Test
  void everyShapeIsPlaced() {
    SplittableRandom random = new SplittableRandom(3);
    for (int round = 0; round < 5_000; round++) {
      int devices = 1 + random.nextInt(7);
      int experts = 1 + random.nextInt(14);
      int slots = Math.ceilDiv(experts, devices) + random.nextInt(4);
      double[] loads = new double[experts];
      int kind = random.nextInt(4);
      Arrays.setAll(
          loads,
          expert ->
              switch (kind) {
                case 0 -> random.nextInt(2) * random.nextInt(20);
                case 1 -> Math.pow(10, random.nextInt(-20, 20));
                case 2 -> random.nextInt(1, 6) / 7.0;
                default -> 1 + random.nextInt(3) * Math.ulp(1.0);
              });
      List<List<Integer>> held = ExpertBalance.balanced(loads, devices, slots);
      assertPlaced(held, experts, devices, slots);
      int room = Math.min(slots, experts);
      assertTrue(held.stream().allMatch(device -> device.size() == room), held::toString);
    }
  }

  /** Copies of what has nothing to do go round, rather than all to the first. */
  @Test
  void whereNothingWasCountedExpertsAreCopiedInTurn() {
    assertEquals(
        List.of(List.of(0, 1), List.of(0, 1), List.of(2, 3)),
        ExpertBalance.balanced(new double[4], 3, 2));
  }

  /** The first devices fill, and the last copies find room only beside each other: one moves. */
  @Test
  void copiesFindDevicesOfTheirOwnWhereNothingWasCounted() {
    List<List<Integer>> held = ExpertBalance.balanced(new double[3], 6, 2);
    assertPlaced(held, 3, 6, 2);
    assertTrue(held.stream().allMatch(device -> device.size() == 2), held::toString);
  }

  /** A group's experts stay on one node, where nodes divide the groups. */
  @Test
  void groupsStayOnTheirNode() {
    double[] loads = Skew.LOGNORMAL_1.loads(EXPERTS, 1);
    List<List<Integer>> held = ExpertBalance.balanced(loads, 16, 17, 8, 4);
    assertPlaced(held, EXPERTS, 16, 17);
    for (int node = 0; node < 4; node++) {
      long groups =
          held.subList(4 * node, 4 * node + 4).stream()
              .flatMap(List::stream)
              .map(expert -> expert / (EXPERTS / 8))
              .distinct()
              .count();
      assertEquals(2, groups);
    }
    List<List<Integer>> anywhere = ExpertBalance.balanced(loads, 16, 17);
    assertTrue(
        ExpertBalance.balance(loads, held) < ExpertBalance.balance(loads, anywhere),
        "groups cost no balance");
    assertEquals(anywhere, ExpertBalance.balanced(loads, 16, 17, 8, 1));
    assertEquals(anywhere, ExpertBalance.balanced(loads, 16, 17, 8, 16), "16 nodes, 8 groups");
    assertEquals(
        ExpertBalance.balanced(loads, 15, 18),
        ExpertBalance.balanced(loads, 15, 18, 8, 2),
        "2 nodes, 15 devices");
  }

  /** More slots than experts of the node: no copy beside another. */
  @Test
  void slotsStayEmptyRatherThanHoldAnExpertTwice() {
    double[] loads = {8, 1, 1, 1};
    List<List<Integer>> held = ExpertBalance.balanced(loads, 4, 3, 2, 2);
    assertEquals(List.of(List.of(0, 1), List.of(0, 1), List.of(2, 3), List.of(2, 3)), held);
  }

  @Test
  void contiguousRunsDifferByAtMostOne() {
    assertEquals(
        List.of(List.of(0, 1), List.of(2, 3, 4), List.of(5, 6, 7)), ExpertBalance.contiguous(8, 3));
    for (int experts : new int[] {1, 7, 128, 256, 384}) {
      for (int devices = 1; devices <= 40; devices++) {
        List<List<Integer>> held = ExpertBalance.contiguous(experts, devices);
        assertPlaced(held, experts, devices, Math.ceilDiv(experts, devices));
        int fewest = experts / devices;
        assertTrue(held.stream().allMatch(device -> device.size() >= fewest));
      }
    }
  }

  @Test
  void copiesShareALoadEvenly() {
    double[] loads = {6, 1, 1};
    assertEquals(
        (8.0 / 2) / 5, ExpertBalance.balance(loads, List.of(List.of(0, 1, 2), List.of(0))));
    assertEquals(0.5, ExpertBalance.balance(new double[] {4, 0}, List.of(List.of(0), List.of(1))));
    assertEquals(1, ExpertBalance.balance(new double[] {0, 0}, List.of(List.of(0), List.of(1))));
  }

  @Test
  void whatCannotBePlacedIsAnError() {
    assertIllegal("9 experts in 4 slots of each of 2 devices", new double[9], 2, 4, 1, 1);
    assertIllegal("8 experts in 3 groups on 1 nodes", new double[8], 2, 4, 3, 1);
    assertIllegal("8 experts in 1 groups on 0 nodes", new double[8], 2, 4, 1, 0);
    assertIllegal("8 experts on 0 devices", new double[8], 0, 4, 1, 1);
    assertIllegal("load -1.0 of expert 1", new double[] {1, -1}, 1, 2, 1, 1);
    assertIllegal("load NaN of expert 0", new double[] {Double.NaN, 1}, 1, 2, 1, 1);
    assertIllegal("load Infinity of expert 0", new double[] {1 / 0.0, 1}, 1, 2, 1, 1);
  }

  private static void assertIllegal(
      String message, double[] loads, int devices, int slots, int groups, int nodes) {
    assertEquals(
        message,
        assertThrows(
                IllegalArgumentException.class,
                () -> ExpertBalance.balanced(loads, devices, slots, groups, nodes))
            .getMessage());
  }
}

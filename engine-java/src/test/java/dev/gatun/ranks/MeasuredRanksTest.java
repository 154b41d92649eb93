// MeasuredRanksTest: every byte that goes to another rank is counted once, and time that passes.
package dev.gatun.ranks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class MeasuredRanksTest {
  private static final List<Integer> ALL = List.of(0, 1, 2);
  private static final int ROUNDS = 100;

  /** Parts of 3, 0 and 5 bytes. */
  private static int exchange(Ranks ranks) {
    Group group = ranks.group(ALL, 8);
    assertEquals(ALL, group.members());
    assertEquals(ranks.rank(), group.index());
    int sum = 0;
    for (int round = 0; round < ROUNDS; round++) {
      try (Exchange exchange = group.begin(3, 3, 8)) {
        if (ranks.rank() != 1) {
          int at = ranks.rank() == 0 ? 1 : 4;
          exchange.at(at).set(ValueLayout.JAVA_BYTE, 0, (byte) at);
        }
        exchange.publish();
        exchange.await();
        sum += exchange.at(1).get(ValueLayout.JAVA_BYTE, 0);
        sum += exchange.at(4).get(ValueLayout.JAVA_BYTE, 0);
      }
    }
    return sum;
  }

  @Test
  void bytesAreCountedOnceForEachThatGetsThem() throws Exception {
    List<MeasuredRanks> ranks = LocalRanks.of(ALL.size()).stream().map(MeasuredRanks::new).toList();
    try (ExecutorService threads = Executors.newFixedThreadPool(ALL.size())) {
      List<Future<Integer>> sums =
          ranks.stream().map(one -> threads.submit(() -> exchange(one))).toList();
      for (Future<Integer> sum : sums) {
        assertEquals(ROUNDS * (1 + 4), sum.get());
      }
    }
    assertEquals(
        List.of(3L * 2 * ROUNDS, 0L, 5L * 2 * ROUNDS),
        ranks.stream().map(MeasuredRanks::bytes).toList());
    for (MeasuredRanks one : ranks) {
      assertTrue(one.nanos() > 0, "rank " + one.rank());
      one.close();
    }
  }
}

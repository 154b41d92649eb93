// LocalRanksTest: threads hand each other every byte, in order, and none hangs when one fails.
package dev.gatun.ranks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.refusal.Refusal;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class LocalRanksTest {
  private static final int BYTES = RandomExchanges.BYTES;

  private interface Body {
    void run(Ranks ranks);
  }

  /** Runs {@code body} on each rank; throws what a rank threw, the lowest rank's first. */
  private static void onAll(int size, Body body) throws InterruptedException, ExecutionException {
    List<Ranks> all = LocalRanks.of(size);
    try (ExecutorService threads = Executors.newFixedThreadPool(size)) {
      List<Callable<Void>> calls = new ArrayList<>();
      for (Ranks ranks : all) {
        calls.add(
            () -> {
              body.run(ranks);
              return null;
            });
      }
      List<Future<Void>> ends = threads.invokeAll(calls);
      for (Future<Void> end : ends) {
        end.get();
      }
    }
    all.forEach(Ranks::close);
  }

  @Test
  void everyoneSeesEveryonesBytes() throws Exception {
    for (int size : new int[] {1, 2, 3, 8}) {
      onAll(size, ranks -> RandomExchanges.run(ranks, 500));
    }
  }

  @Test
  void groupsOfSomeDoNotDisturbOthers() throws Exception {
    onAll(
        4,
        ranks -> {
          Group all = ranks.group(RandomExchanges.everyone(ranks), BYTES);
          Group half = ranks.group(ranks.rank() < 2 ? List.of(0, 1) : List.of(2, 3), BYTES);
          for (int round = 0; round < 200; round++) {
            RandomExchanges.nested(half, new SplittableRandom(1), 1, round);
            RandomExchanges.nested(all, new SplittableRandom(round), 1, round);
          }
        });
  }

  @Test
  void aRankThatFailsEndsTheOthersWaits() {
    ExecutionException end =
        assertThrows(
            ExecutionException.class,
            () ->
                onAll(
                    3,
                    ranks -> {
                      Group group = ranks.group(RandomExchanges.everyone(ranks), BYTES);
                      if (ranks.rank() == 2) {
                        ranks.fail(Refusal.Reason.DEVICE, "no memory for the weights");
                        return;
                      }
                      try (Exchange exchange = group.begin(8, 16, 24)) {
                        exchange.publish();
                        exchange.await();
                      }
                    }));
    Refusal refusal = (Refusal) end.getCause();
    assertEquals(Refusal.Reason.DEVICE, refusal.reason());
    assertTrue(
        refusal.getMessage().contains("rank 2 ended: no memory for the weights"),
        refusal.getMessage());
  }

  /** The others end as the first that failed does, whatever it failed of. */
  @Test
  void theKindOfTheFirstFailureIsEveryones() throws Exception {
    List<Ranks> all = LocalRanks.of(3);
    all.get(1).fail(Refusal.Reason.DOES_NOT_FIT, "no room; take less");
    all.get(2).fail(Refusal.Reason.MODEL, "a damaged file; take another");
    for (Ranks ranks : all) {
      Group group = ranks.group(RandomExchanges.everyone(ranks), BYTES);
      Refusal refusal =
          assertThrows(
              Refusal.class,
              () -> {
                try (Exchange exchange = group.begin(8, 16, 24)) {
                  exchange.await();
                }
              });
      assertEquals(Refusal.Reason.DOES_NOT_FIT, refusal.reason());
      assertEquals("rank 1 ended: no room; take less; all ranks end", refusal.getMessage());
    }
    all.forEach(Ranks::close);
  }

  @Test
  void anExchangeThatAllHaveMadeIsNotUndone() throws Exception {
    // So that all refuse in the same words what all have agreed on.
    for (int round = 0; round < 2_000; round++) {
      onAll(
          2,
          ranks -> {
            Group all = ranks.group(List.of(0, 1), BYTES);
            try (Exchange exchange = all.begin(0, 0)) {
              exchange.publish();
              exchange.await();
            }
            ranks.fail(Refusal.Reason.DEVICE, "all ended here");
          });
    }
  }

  @Test
  void moreBytesThanTheGroupWasMadeForAreRefused() throws Exception {
    onAll(
        1,
        ranks -> {
          Group group = ranks.group(RandomExchanges.everyone(ranks), 8);
          assertThrows(IllegalArgumentException.class, () -> group.begin(9));
        });
  }
}

// LocalRanksTest: threads hand each other every byte, in order, and none hangs when one fails.
package dev.gatun.ranks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.refusal.Refusal;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class LocalRanksTest {
  private static final int BYTES = 4096;

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

  private static List<Integer> everyone(Ranks ranks) {
    return IntStream.range(0, ranks.size()).boxed().toList();
  }

  /** Parts of random sizes, some empty, exchanges overlapping as far as they may. */
  @Test
  void everyoneSeesEveryonesBytes() throws Exception {
    for (int size : new int[] {1, 2, 3, 8}) {
      onAll(
          size,
          ranks -> {
            Group group = ranks.group(everyone(ranks), BYTES);
            SplittableRandom sizes = new SplittableRandom(7); // the same on all ranks
            for (int round = 0; round < 500; round++) {
              nested(group, sizes, 1 + sizes.nextInt(Group.MOST_OPEN), round);
            }
          });
    }
  }

  private static void nested(Group group, SplittableRandom sizes, int depth, int round) {
    long[] ends = new long[group.members().size()];
    long end = 0;
    for (int i = 0; i < ends.length; i++) {
      end += sizes.nextInt(BYTES / ends.length);
      ends[i] = end;
    }
    try (Exchange exchange = group.begin(ends)) {
      long from = group.index() == 0 ? 0 : ends[group.index() - 1];
      for (long at = from; at < ends[group.index()]; at++) {
        exchange.memory().set(ValueLayout.JAVA_BYTE, at, value(round, depth, group.index(), at));
      }
      exchange.publish();
      if (depth > 1) {
        nested(group, sizes, depth - 1, round);
      }
      exchange.await();
      for (int member = 0; member < ends.length; member++) {
        for (long at = member == 0 ? 0 : ends[member - 1]; at < ends[member]; at++) {
          assertEquals(
              value(round, depth, member, at), exchange.memory().get(ValueLayout.JAVA_BYTE, at));
        }
      }
    }
  }

  private static byte value(int round, int depth, int member, long at) {
    return (byte) (31 * round + 7 * depth + 3 * member + at);
  }

  @Test
  void groupsOfSomeDoNotDisturbOthers() throws Exception {
    onAll(
        4,
        ranks -> {
          Group all = ranks.group(everyone(ranks), BYTES);
          Group half = ranks.group(ranks.rank() < 2 ? List.of(0, 1) : List.of(2, 3), BYTES);
          for (int round = 0; round < 200; round++) {
            nested(half, new SplittableRandom(1), 1, round);
            nested(all, new SplittableRandom(round), 1, round);
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
                      Group group = ranks.group(everyone(ranks), BYTES);
                      if (ranks.rank() == 2) {
                        ranks.fail("no memory for the weights");
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
      Group group = ranks.group(everyone(ranks), BYTES);
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
  void moreBytesThanTheGroupWasMadeForAreRefused() throws Exception {
    onAll(
        1,
        ranks -> {
          Group group = ranks.group(everyone(ranks), 8);
          assertThrows(IllegalArgumentException.class, () -> group.begin(9));
        });
  }
}

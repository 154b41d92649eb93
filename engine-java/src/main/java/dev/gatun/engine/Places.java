// Places: on which rank a sequence has its pages, where ranks have sequences of their own.
package dev.gatun.engine;

import dev.gatun.device.Device;
import dev.gatun.kv.PagePool;
import dev.gatun.kv.PageTable;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * A sequence that has no pages goes where half of its tokens or more are known already, unless that
 * rank runs two sequences more than another; else to the rank that runs fewest. For the engine's
 * thread.
 */
final class Places {
  private final List<PagePool> pools;

  /**
   * @param pools by rank, of equal size; one where there are no such ranks
   */
  Places(List<PagePool> pools) {
    this.pools = pools;
  }

  /**
   * What speaks for a rank.
   *
   * @param fits whether what its running sequences leave has room
   * @param known pages of the sequence that it has
   * @param gain those, where they are worth it
   * @param free pages that its running sequences leave
   */
  private record Offer(PagePool pool, boolean fits, int gain, int running, int known, int free) {
    private static final Comparator<Offer> BEST_FIRST =
        Comparator.comparing((Offer offer) -> !offer.fits)
            .thenComparing(offer -> -offer.gain)
            .thenComparing(Offer::running)
            .thenComparing(offer -> -offer.known)
            .thenComparing(offer -> -offer.free);
  }

  /** Chooses the rank of a task's sequence, where that is free to be chosen. */
  void choose(Task task, List<Task> active) {
    Sequence sequence = task.sequence();
    if (pools.size() == 1) {
      return;
    }
    if (task.observer().isPresent() && sequence.rank() > 0 && !sequence.isPinned()) {
      sequence.park(); // Only what rank 0 computes can be shown.
    }
    if (sequence.pages().size() == 0) {
      sequence.pages().moveTo(task.observer().isPresent() ? pools.getFirst() : best(task, active));
    }
  }

  private PagePool best(Task task, List<Task> active) {
    int[] tokens = task.sequence().followedBy(task.ahead());
    int[] running = new int[pools.size()];
    int[] held = new int[pools.size()];
    for (Task other : active) {
      running[other.sequence().rank()]++;
      held[other.sequence().rank()] += other.sequence().pages().size();
    }
    int fewest = IntStream.of(running).min().orElseThrow();
    return pools.stream()
        .map(
            pool -> {
              int known = pool.known(tokens);
              int free = pool.size() - held[pool.rank()];
              boolean isWorthIt =
                  2 * known * Device.pageTokens() >= tokens.length
                      && running[pool.rank()] <= fewest + 1;
              boolean fits = free >= PageTable.pagesOf(tokens.length + 1);
              return new Offer(
                  pool, fits, isWorthIt ? known : 0, running[pool.rank()], known, free);
            })
        .min(Offer.BEST_FIRST)
        .orElseThrow()
        .pool;
  }

  /** Whether all tokens of a sequence that has no pages, and one more, find room somewhere. */
  boolean haveRoom(Sequence sequence) {
    int pages = PageTable.pagesOf(sequence.length() + 1);
    return pools.stream().anyMatch(pool -> pool.available() >= pages);
  }
}

// Places: on which rank a sequence has its pages, where ranks have sequences of their own.
package dev.gatun.engine;

import dev.gatun.device.Device;
import dev.gatun.kv.PagePool;
import dev.gatun.kv.PageTable;
import java.util.Comparator;
import java.util.List;
import java.util.function.ToIntFunction;
import java.util.stream.IntStream;

/**
 * A sequence that has no pages goes where there is room, and of such ranks to the one where half of
 * its tokens or more are known already, unless that rank runs two sequences more than another; else
 * to the rank that runs fewest, and of these to the one with most pages that hold nothing. For the
 * engine's thread.
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
   * @param fits whether there is room beside what runs there, with all its prompts
   * @param known pages of the sequence that it has
   * @param gain those, where they are worth it
   * @param unused pages that hold nothing
   */
  private record Offer(PagePool pool, boolean fits, int gain, int running, int known, int unused) {
    private static final Comparator<Offer> BEST_FIRST =
        Comparator.comparing((Offer offer) -> !offer.fits)
            .thenComparing(offer -> -offer.gain)
            .thenComparing(Offer::running)
            .thenComparing(offer -> -offer.known)
            .thenComparing(offer -> -offer.unused);
  }

  /** Chooses where a task that has not run yet is, if its sequence has no pages. */
  void choose(Task task, List<Task> active) {
    choose(task, active, pools);
  }

  /**
   * As {@link #choose}, of a task that was preempted.
   *
   * @param room what {@link #roomFor} says; none where nothing else runs
   */
  void chooseAnew(Task task, List<Task> active, List<PagePool> room) {
    choose(task, active, room.isEmpty() ? pools : room);
  }

  private void choose(Task task, List<Task> active, List<PagePool> among) {
    Sequence sequence = task.sequence();
    if (pools.size() == 1) {
      return;
    }
    boolean isShown = task.observer().isPresent();
    if (isShown && sequence.rank() > 0) {
      sequence.park(); // Only what rank 0 computes can be shown.
    }
    if (sequence.pages().size() == 0) {
      sequence.pages().moveTo(isShown ? pools.getFirst() : best(task, active, among));
    }
  }

  /**
   * Where all tokens of a task that was preempted, and one more, find room.
   *
   * @param alsoThere whether it may be where it was: else it takes its pages back before those get
   *     them for which it gave them up
   * @param room pages that can be had on a rank
   */
  List<PagePool> roomFor(Task task, boolean alsoThere, ToIntFunction<PagePool> room) {
    Sequence sequence = task.sequence();
    int pages = PageTable.pagesOf(sequence.length() + 1);
    return pools.stream()
        .filter(pool -> alsoThere || pool.rank() != sequence.rank())
        .filter(pool -> task.observer().isEmpty() || pool.rank() == 0)
        .filter(pool -> room.applyAsInt(pool) >= pages)
        .toList();
  }

  /** Moves a task that has found no page yet to a rank where its next tokens find some. */
  boolean moves(Task task, int count, List<Task> active) {
    Sequence sequence = task.sequence();
    if (sequence.pages().size() > 0 || task.observer().isPresent()) {
      return false;
    }
    int pages = PageTable.pagesOf(sequence.position() + count);
    List<PagePool> free = pools.stream().filter(pool -> pool.available() >= pages).toList();
    if (free.isEmpty()) {
      return false;
    }
    sequence.pages().moveTo(best(task, active, free));
    return true;
  }

  private PagePool best(Task task, List<Task> active, List<PagePool> among) {
    int[] tokens = task.sequence().followedBy(task.ahead());
    int[] running = new int[pools.size()];
    int[] wanted = new int[pools.size()];
    for (Task other : active) {
      Sequence sequence = other.sequence();
      running[sequence.rank()]++;
      wanted[sequence.rank()] +=
          Math.max(sequence.pages().size(), PageTable.pagesOf(sequence.position() + other.ready()));
    }
    int fewest = IntStream.of(running).min().orElseThrow();
    return among.stream()
        .map(
            pool -> {
              int known = pool.known(tokens);
              int free = pool.size() - wanted[pool.rank()];
              boolean isWorthIt =
                  2 * known * Device.pageTokens() >= tokens.length
                      && running[pool.rank()] <= fewest + 1;
              boolean fits = free >= PageTable.pagesOf(tokens.length + 1) - known;
              return new Offer(
                  pool, fits, isWorthIt ? known : 0, running[pool.rank()], known, pool.unused());
            })
        .min(Offer.BEST_FIRST)
        .orElseThrow()
        .pool;
  }
}

// Relay: how the steps that rank 0 issues reach the other ranks.
package dev.gatun.step;

import dev.gatun.graph.StepShape;
import dev.gatun.kv.PageStore;
import dev.gatun.ranks.Exchange;
import dev.gatun.ranks.Group;
import dev.gatun.ranks.Ranks;
import dev.gatun.refusal.Refusal;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Two exchanges a step: what it is, and its inputs. Every rank has the same largest steps. For the
 * thread of its rank.
 */
public final class Relay {
  /** Most words that a rank tells all others of itself. */
  public static final int MOST_WORDS = 8;

  private static final int HEADER_BYTES = 32;
  private static final int STEP = 1;
  private static final int END = 2;
  private static final int PAGE_OUT = 3;
  private static final int PAGE_IN = 4;
  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
  private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;

  private final Ranks ranks;
  private final Group headers;
  private final Group inputs;

  /**
   * A step as rank 0 has described it.
   *
   * @param singles rows, from the first on, that are the only ones of their sequences
   * @param inputs valid until the next is asked for
   */
  record Announced(StepShape shape, int singles, MemorySegment inputs) {}

  /**
   * All ranks make one.
   *
   * @param inputBytes of the largest step
   */
  public Relay(Ranks ranks, long inputBytes) {
    this.ranks = ranks;
    var all = IntStream.range(0, ranks.size()).boxed().toList();
    headers = ranks.group(all, headerBytes(ranks.size()));
    inputs = ranks.group(all, inputBytes);
  }

  /** Bytes of one exchange of each of its groups. */
  public static long bytes(int ranks, long inputBytes) {
    return headerBytes(ranks) + inputBytes;
  }

  private static long headerBytes(int ranks) {
    return Math.max(HEADER_BYTES, (long) MOST_WORDS * Long.BYTES * ranks);
  }

  /**
   * What all ranks give, by rank; all have called it when it returns.
   *
   * @param words {@link #MOST_WORDS} at most, as many from every rank
   */
  public long[][] gather(long... words) {
    long bytes = (long) Long.BYTES * words.length;
    long[] ends = new long[ranks.size()];
    Arrays.setAll(ends, rank -> (rank + 1) * bytes);
    long[][] all = new long[ranks.size()][words.length];
    try (Exchange exchange = headers.begin(ends)) {
      MemorySegment.copy(words, 0, exchange.at(ranks.rank() * bytes), LONG, 0, words.length);
      exchange.publish();
      exchange.await();
      for (int rank = 0; rank < all.length; rank++) {
        MemorySegment.copy(exchange.at(rank * bytes), LONG, 0, all[rank], 0, words.length);
      }
    }
    return all;
  }

  /** The least of what all ranks give; all have called it when it returns. */
  public int least(int value) {
    return Arrays.stream(gather(value)).mapToInt(words -> (int) words[0]).min().orElseThrow();
  }

  /** The sums of what all ranks give, as many numbers from each; all have called it then. */
  public long[] sums(long[] own) {
    long[] sums = new long[own.length];
    for (int from = 0; from < own.length; from += MOST_WORDS) {
      long[] some = Arrays.copyOfRange(own, from, Math.min(from + MOST_WORDS, own.length));
      for (long[] words : gather(some)) {
        for (int i = 0; i < words.length; i++) {
          sums[from + i] += words[i];
        }
      }
    }
    return sums;
  }

  /** Rank 0: others run this step too. */
  void announce(StepShape shape, int singles, MemorySegment content) {
    tell(
        STEP,
        shape.tokens(),
        shape.logitRows(),
        shape.decodes() ? 1 : 0,
        shape.draws() ? 1 : 0,
        singles,
        Math.toIntExact(content.byteSize()));
    try (Exchange exchange = inputs.begin(ofFirst(content.byteSize()))) {
      MemorySegment.copy(content, 0, exchange.at(0), 0, content.byteSize());
      exchange.publish();
      exchange.await();
    }
  }

  /** Rank 0: others copy this page to that slot too. */
  void announceOut(int page, int slot) {
    tell(PAGE_OUT, page, slot);
  }

  /** Rank 0: others copy this slot to that page too. */
  void announceIn(int slot, int page) {
    tell(PAGE_IN, slot, page);
  }

  /** Rank 0: there are no more steps. */
  public void end() {
    tell(END);
  }

  /**
   * Any rank: it cannot go on, and all others end as it does.
   *
   * @param device of the rank, for people
   * @return why all end
   */
  Refusal fail(String device, Throwable reason) {
    return ranks.fail(Refusal.Reason.of(reason), device + ": " + Refusal.line(reason));
  }

  private void tell(int... words) {
    try (Exchange exchange = headers.begin(ofFirst(HEADER_BYTES))) {
      MemorySegment.copy(words, 0, exchange.at(0), INT, 0, words.length);
      exchange.publish();
      exchange.await();
    }
  }

  /**
   * Other ranks: waits for the next step, copied to {@code to}; empty where there is none.
   *
   * @param pages moves those that are to be moved before
   */
  Optional<Announced> next(MemorySegment to, PageStore pages) {
    int[] words = hear();
    while (words[0] == PAGE_OUT || words[0] == PAGE_IN) {
      if (words[0] == PAGE_OUT) {
        pages.out(words[1], words[2]);
      } else {
        pages.in(words[1], words[2]);
      }
      words = hear();
    }
    if (words[0] == END) {
      return Optional.empty();
    }
    StepShape shape = new StepShape(words[1], words[2], words[3] == 1, words[4] == 1, false);
    long bytes = words[6];
    try (Exchange exchange = inputs.begin(ofFirst(bytes))) {
      exchange.publish();
      exchange.await();
      MemorySegment.copy(exchange.at(0), 0, to, 0, bytes);
    }
    return Optional.of(new Announced(shape, words[5], to.asSlice(0, bytes)));
  }

  private int[] hear() {
    int[] words = new int[HEADER_BYTES / Integer.BYTES];
    try (Exchange exchange = headers.begin(ofFirst(HEADER_BYTES))) {
      exchange.publish();
      exchange.await();
      MemorySegment.copy(exchange.at(0), INT, 0, words, 0, words.length);
    }
    return words;
  }

  private long[] ofFirst(long bytes) {
    long[] ends = new long[ranks.size()];
    Arrays.fill(ends, bytes);
    return ends;
  }
}

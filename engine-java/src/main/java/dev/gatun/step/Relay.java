// Relay: how the steps that rank 0 issues reach the other ranks.
package dev.gatun.step;

import dev.gatun.device.Parts;
import dev.gatun.graph.RankRows;
import dev.gatun.graph.StepShape;
import dev.gatun.kv.PageStore;
import dev.gatun.ranks.Exchange;
import dev.gatun.ranks.Group;
import dev.gatun.ranks.Ranks;
import dev.gatun.refusal.Refusal;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Two exchanges a step: what it is, and its inputs, those of all ranks or of each. Every rank has
 * the same largest steps. For the thread of its rank.
 */
public final class Relay {
  /** Most words that a rank tells all others of itself. */
  public static final int MOST_WORDS = 8;

  private static final int HEADER_INTS = 4;

  /** Of a rank's rows, or of the rows of all. */
  private static final int SHARE_INTS = 4;

  private static final int STEP = 1;
  private static final int END = 2;
  private static final int PAGE_OUT = 3;
  private static final int PAGE_IN = 4;
  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
  private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;

  private final Ranks ranks;
  private final boolean dividesRows;
  private final Group headers;
  private final Group inputs;

  /**
   * A step as rank 0 has described it, of this rank.
   *
   * @param singles rows, from the first on, that are the only ones of their sequences
   * @param inputs valid until the next is asked for
   */
  record Announced(StepShape shape, int singles, MemorySegment inputs) {}

  /**
   * What of a step is a rank's.
   *
   * @param logitRows whose logits are wanted
   * @param inputs of its rows
   */
  record Share(int tokens, int logitRows, int singles, MemorySegment inputs) {}

  /**
   * All ranks make one.
   *
   * @param inputBytes of the largest step, of all ranks
   * @param dividesRows whether each rank has rows of its own
   */
  public Relay(Ranks ranks, long inputBytes, boolean dividesRows) {
    this.ranks = ranks;
    this.dividesRows = dividesRows;
    var all = IntStream.range(0, ranks.size()).boxed().toList();
    headers = ranks.group(all, headerBytes(ranks.size()));
    inputs = ranks.group(all, inputBytes);
  }

  /** Bytes of one exchange of each of its groups. */
  public static long bytes(int ranks, long inputBytes) {
    return headerBytes(ranks) + inputBytes;
  }

  private static long headerBytes(int ranks) {
    long words = (long) MOST_WORDS * Long.BYTES * ranks;
    return Math.max((long) Integer.BYTES * headerInts(ranks), words);
  }

  private static int headerInts(int shares) {
    return HEADER_INTS + SHARE_INTS * shares;
  }

  /** How many {@link Share}s a step has. */
  private int shares() {
    return dividesRows ? ranks.size() : 1;
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

  /**
   * Rank 0: others run this step too.
   *
   * @param shares of each rank where ranks have rows of their own; else one, of them all
   */
  void announce(boolean draws, List<Share> shares) {
    int[] words = new int[headerInts(shares.size())];
    words[0] = STEP;
    words[1] = draws ? 1 : 0;
    for (int i = 0; i < shares.size(); i++) {
      Share share = shares.get(i);
      int at = headerInts(i);
      words[at] = share.tokens;
      words[at + 1] = share.logitRows;
      words[at + 2] = share.singles;
      words[at + 3] = Math.toIntExact(share.inputs.byteSize());
    }
    tell(words);
    Parts parts = inputParts(words);
    try (Exchange exchange = inputs.begin(parts)) {
      if (!dividesRows) {
        exchange.at(0).copyFrom(shares.getFirst().inputs);
      }
      for (int rank = 1; rank < shares.size(); rank++) {
        exchange.at(parts.begin(0, rank)).copyFrom(shares.get(rank).inputs);
      }
      exchange.publish();
      exchange.await();
    }
  }

  /** Of a step's inputs: rank 0 gives them to all, or each rank its own. */
  private Parts inputParts(int[] words) {
    if (!dividesRows) {
      return Parts.endingAt(ofFirst(words[headerInts(0) + 3]));
    }
    long[][] bytes = new long[ranks.size()][ranks.size()];
    for (int rank = 1; rank < ranks.size(); rank++) {
      bytes[0][rank] = words[headerInts(rank) + 3];
    }
    return Parts.of(bytes);
  }

  /**
   * Rank 0: another copies this page to that slot too.
   *
   * @param rank where ranks have pages of their own; else any, and all others do
   */
  void announceOut(int page, int slot, int rank) {
    tell(PAGE_OUT, page, slot, rank);
  }

  /** Rank 0: as {@link #announceOut}, from that slot to this page. */
  void announceIn(int slot, int page, int rank) {
    tell(PAGE_IN, slot, page, rank);
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
    try (Exchange exchange = headers.begin(ofFirst(tellBytes()))) {
      MemorySegment.copy(words, 0, exchange.at(0), INT, 0, words.length);
      exchange.publish();
      exchange.await();
    }
  }

  private long tellBytes() {
    return (long) Integer.BYTES * headerInts(shares());
  }

  /**
   * Other ranks: waits for the next step, copied to {@code to}; empty where there is none.
   *
   * @param pages moves those that are to be moved before
   */
  Optional<Announced> next(MemorySegment to, PageStore pages) {
    int[] words = hear();
    while (words[0] == PAGE_OUT || words[0] == PAGE_IN) {
      boolean isHere = !dividesRows || words[3] == ranks.rank();
      if (isHere && words[0] == PAGE_OUT) {
        pages.out(words[1], words[2]);
      } else if (isHere) {
        pages.in(words[1], words[2]);
      }
      words = hear();
    }
    return words[0] == END ? Optional.empty() : Optional.of(step(words, to));
  }

  private Announced step(int[] words, MemorySegment to) {
    int own = dividesRows ? ranks.rank() : 0;
    List<Integer> tokens = new ArrayList<>();
    List<Integer> logitRows = new ArrayList<>();
    for (int share = 0; share < shares(); share++) {
      int at = headerInts(share);
      tokens.add(words[at]);
      logitRows.add(words[at + 1]);
    }
    int singles = words[headerInts(own) + 2];
    long bytes = words[headerInts(own) + 3];
    Parts parts = inputParts(words);
    try (Exchange exchange = inputs.begin(parts)) {
      exchange.publish();
      exchange.await();
      MemorySegment.copy(exchange.at(parts.begin(0, ranks.rank())), 0, to, 0, bytes);
    }
    boolean decodes = singles == tokens.get(own);
    boolean draws = words[1] == 1;
    StepShape shape =
        dividesRows
            ? StepShape.of(new RankRows(own, tokens, logitRows), decodes, draws)
            : new StepShape(tokens.getFirst(), logitRows.getFirst(), decodes, draws, false);
    return new Announced(shape, singles, to.asSlice(0, bytes));
  }

  private int[] hear() {
    int[] words = new int[headerInts(shares())];
    try (Exchange exchange = headers.begin(ofFirst(tellBytes()))) {
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

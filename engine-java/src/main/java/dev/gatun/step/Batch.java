// Batch: what one step runs: tokens of one or several sequences.
package dev.gatun.step;

import dev.gatun.device.Sampling;
import dev.gatun.kv.PageTable;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Parts of different sequences, by the rank on which their pages lie; of a rank's those of a single
 * token come first.
 */
public final class Batch {
  private final List<Part> parts;
  private final int[] firstLogitRows; // of each part
  private final int[] maskRows; // of each part: masks before its own
  private final List<OfRank> ranks = new ArrayList<>();
  private int tokens;
  private int logitRows;
  private int masks;
  private boolean draws;
  private boolean mtp;

  /**
   * What of a batch is one rank's.
   *
   * @param parts in the order of its rows
   * @param singles tokens that are the only one of their sequence; the first of its rows
   */
  record OfRank(List<Part> parts, int singles, int tokens, int logitRows) {
    private static final OfRank NOTHING = new OfRank(List.of(), 0, 0, 0);

    /** Whether every token is the only one of its sequence. */
    boolean decodes() {
      return singles == tokens;
    }
  }

  /**
   * One sequence's tokens in a step.
   *
   * @param ids the tokens; -1 - k stands for the token that row k of the step before draws
   * @param next the token that follows each of them, where the logits wanted are those of
   *     multi-token prediction; else empty
   * @param position of the first of them in the sequence
   * @param pages with room for all of them
   * @param logitRows how many of the last tokens' logits are wanted
   * @param sampling how the device draws the token that follows; empty where it draws none
   */
  public record Part(
      int[] ids,
      int[] next,
      int position,
      PageTable pages,
      int logitRows,
      Optional<Sampling> sampling) {
    public Part {
      if (ids.length == 0 || logitRows < 0 || logitRows > ids.length) {
        throw new IllegalArgumentException(logitRows + " of " + ids.length + " rows of logits");
      }
      if (next.length > 0 && (next.length != ids.length || logitRows != ids.length)) {
        throw new IllegalArgumentException(next.length + " of " + ids.length + " tokens follow");
      }
    }

    /** Tokens whose own logits are wanted. */
    public Part(
        int[] ids, int position, PageTable pages, int logitRows, Optional<Sampling> sampling) {
      this(ids, new int[0], position, pages, logitRows, sampling);
    }

    /** The token that the device has drawn in row {@code row} of the step before. */
    public static int drawnInRow(int row) {
      return -1 - row;
    }

    int tokens() {
      return ids.length;
    }

    private int rank() {
      return pages.pool().rank();
    }

    /** Whether the token that follows is drawn by a mask. */
    public boolean isMasked() {
      return sampling.isPresent() && sampling.get().masked();
    }
  }

  /**
   * @param given at least one, each of another sequence; all or none with tokens that follow
   */
  public Batch(List<Part> given) {
    if (given.isEmpty()) {
      throw new IllegalArgumentException("a step of no tokens");
    }
    mtp = given.getFirst().next().length > 0;
    parts = new ArrayList<>(given.size());
    firstLogitRows = new int[given.size()];
    maskRows = new int[given.size()];
    // Loops, since this runs between two steps of a CPU whose caches the first has emptied.
    for (int rank = 0; parts.size() < given.size(); rank++) {
      ranks.add(ofRank(given, rank));
    }
  }

  private OfRank ofRank(List<Part> given, int rank) {
    int first = parts.size();
    int tokensBefore = tokens;
    int rowsBefore = logitRows;
    for (Part part : given) {
      if (part.rank() == rank && part.tokens() == 1) {
        add(part);
      }
    }
    int singles = parts.size() - first;
    for (Part part : given) {
      if (part.rank() == rank && part.tokens() > 1) {
        add(part);
      }
    }
    return new OfRank(
        List.copyOf(parts.subList(first, parts.size())),
        singles,
        tokens - tokensBefore,
        logitRows - rowsBefore);
  }

  private void add(Part part) {
    if (part.next().length > 0 != mtp) {
      throw new IllegalArgumentException("a step of tokens that are followed and others");
    }
    firstLogitRows[parts.size()] = logitRows;
    maskRows[parts.size()] = masks;
    parts.add(part);
    tokens += part.tokens();
    logitRows += part.logitRows();
    draws |= part.sampling().isPresent();
    masks += part.isMasked() ? 1 : 0;
  }

  /** In the order of the step's rows. */
  public List<Part> parts() {
    return parts;
  }

  /** What is a rank's, of ranks that have sequences of their own; of others all is rank 0's. */
  OfRank of(int rank) {
    return rank < ranks.size() ? ranks.get(rank) : OfRank.NOTHING;
  }

  int tokens() {
    return tokens;
  }

  public int logitRows() {
    return logitRows;
  }

  boolean draws() {
    return draws;
  }

  /** Whether the logits are those of multi-token prediction. */
  boolean mtp() {
    return mtp;
  }

  /** Row of the step's logits at which those of {@code part} begin. */
  public int firstLogitRow(Part part) {
    return firstLogitRows[indexOf(part)];
  }

  /** Row of the step's masks that is {@code part}'s, where it is masked. */
  int maskRow(Part part) {
    return maskRows[indexOf(part)];
  }

  /** How many parts are masked. */
  int masks() {
    return masks;
  }

  /** Whether the draws wait for masks: then the step is issued without them. */
  public boolean isMasked() {
    return masks > 0;
  }

  private int indexOf(Part part) {
    int index = 0;
    while (parts.get(index) != part) {
      index++;
    }
    return index;
  }
}

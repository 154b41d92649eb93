// Batch: what one step runs: tokens of one or several sequences.
package dev.gatun.step;

import dev.gatun.device.Sampling;
import dev.gatun.kv.PageTable;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Parts of different sequences; those of a single token come first. */
public final class Batch {
  private final List<Part> parts = new ArrayList<>();
  private final int singles;

  /**
   * One sequence's tokens in a step.
   *
   * @param ids the tokens; -1 - k stands for the token that row k of the step before draws
   * @param position of the first of them in the sequence
   * @param pages with room for all of them
   * @param logitRows how many of the last tokens' logits are wanted
   * @param sampling how the device draws the token that follows; empty where it draws none
   */
  public record Part(
      int[] ids, int position, PageTable pages, int logitRows, Optional<Sampling> sampling) {
    public Part {
      if (ids.length == 0 || logitRows < 0 || logitRows > ids.length) {
        throw new IllegalArgumentException(logitRows + " of " + ids.length + " rows of logits");
      }
    }

    /** The token that the device has drawn in row {@code row} of the step before. */
    public static int drawnInRow(int row) {
      return -1 - row;
    }

    int tokens() {
      return ids.length;
    }
  }

  /**
   * @param parts at least one, each of another sequence
   */
  public Batch(List<Part> parts) {
    if (parts.isEmpty()) {
      throw new IllegalArgumentException("a step of no tokens");
    }
    parts.stream().filter(part -> part.tokens() == 1).forEach(this.parts::add);
    singles = this.parts.size();
    parts.stream().filter(part -> part.tokens() > 1).forEach(this.parts::add);
  }

  /** In the order of the step's rows. */
  public List<Part> parts() {
    return parts;
  }

  /** Tokens that are the only one of their sequence; the first of the step. */
  int singles() {
    return singles;
  }

  int tokens() {
    return parts.stream().mapToInt(Part::tokens).sum();
  }

  public int logitRows() {
    return parts.stream().mapToInt(Part::logitRows).sum();
  }

  boolean draws() {
    return parts.stream().anyMatch(part -> part.sampling().isPresent());
  }

  /** Row of the step's logits at which those of {@code part} begin. */
  public int firstLogitRow(Part part) {
    return parts.stream().takeWhile(other -> other != part).mapToInt(Part::logitRows).sum();
  }
}

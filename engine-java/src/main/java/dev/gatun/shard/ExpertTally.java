// ExpertTally: counts which experts the layers of one rank choose while a model runs.
package dev.gatun.shard;

/**
 * Several ranks may be homes of a layer; where they choose alike, the first of them counts. Filled
 * by the rank's thread, read by any.
 */
public final class ExpertTally {
  private final Shard shard;
  private final ExpertCounts counts;

  /** Of what the model's layers at home on a rank choose. */
  public ExpertTally(ExpertShape shape, Shard shard) {
    this.shard = shard;
    counts = new ExpertCounts(shape);
  }

  /** Whether the layer is of the shape, and this rank the one that counts what it chooses. */
  public boolean counts(int layer) {
    return counts.shape().layers().contains(layer)
        && shard.isHome(layer)
        && (shard.dividesRows() || shard.homes(layer).getFirst() == shard.rank());
  }

  /**
   * Counts a step's choices of a layer that {@link #counts} names.
   *
   * @param experts of all its tokens
   */
  public synchronized void add(int layer, int[] experts) {
    counts.add(layer, experts);
  }

  /** Counts a step's tokens, on rank 0. */
  public synchronized void addTokens(int tokens) {
    counts.addTokens(tokens);
  }

  /** {@link ExpertCounts#numbers} of what was counted so far. */
  public synchronized long[] numbers() {
    return counts.numbers();
  }

  /** Adds what was counted so far to {@code total}. */
  public synchronized void addTo(ExpertCounts total) {
    total.merge(counts);
  }
}

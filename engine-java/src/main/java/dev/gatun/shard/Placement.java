// Placement: which rank has what of a model; arithmetic only.
package dev.gatun.shard;

import dev.gatun.refusal.Refusal;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * The homes of a layer have its residual stream, its norms, its router, and its attention, dense
 * and shared weights: divided among them, or each of them all. Experts are on any ranks.
 *
 * @param homes of each layer, ascending
 * @param division what the homes of a layer divide among themselves
 * @param experts of each layer: the ranks of each expert, at least one; empty where a layer's
 *     experts are on all its homes, or it has none
 */
public record Placement(
    int ranks,
    List<List<Integer>> homes,
    Division division,
    List<Optional<List<List<Integer>>>> experts) {

  /** Of attention, dense and shared weights, and the rows that go through them. */
  public enum Division {
    /** Each home has all weights, and computes all rows. */
    NONE,
    /** Weights: each computes a part of every row (tensor parallelism). */
    WEIGHTS,
    /** Rows: each has all weights, and the sequences whose cache it has (data parallelism). */
    ROWS
  }

  /** How a model is divided, where it is not said expert by expert. */
  public enum Mode {
    /** Whole layers, one rank after another: for devices without fast links. */
    LAYER,
    /** Every weight over all ranks, experts whole. */
    TENSOR,
    /** Experts over all ranks, every other weight on each. */
    EXPERT,
    /** Experts over all ranks but the first, every other weight on the first. */
    HYBRID,
    /** As {@link #EXPERT}, and each rank has the rows and the cache of its own sequences. */
    DATA
  }

  /** Everything on one rank. */
  public static Placement single(int layers) {
    return of(Mode.TENSOR, 1, new int[layers]);
  }

  /**
   * @param expertsOfLayer number of routed experts of each layer, 0 of a dense one
   */
  public static Placement of(Mode mode, int ranks, int[] expertsOfLayer) {
    int layers = expertsOfLayer.length;
    if (mode == Mode.LAYER && ranks > layers) {
      throw Refusal.usage(
          ranks + " devices for " + layers + " layers", "name fewer, or divide by tensors");
    }
    int experts = Arrays.stream(expertsOfLayer).max().orElse(0);
    if (mode == Mode.HYBRID && (ranks < 2 || ranks - 1 > experts)) {
      throw Refusal.usage(
          "experts on other devices than the rest: "
              + experts
              + " experts a layer, "
              + (ranks - 1)
              + " devices for them",
          "name 2 to " + Math.max(2, experts + 1) + " devices, of a model with experts");
    }
    if (mode == Mode.EXPERT && experts == 0) {
      throw Refusal.usage("the model has no experts to spread", "use --split-mode tensor or layer");
    }
    List<Integer> all = range(0, ranks);
    List<List<Integer>> homes = new ArrayList<>();
    List<Optional<List<List<Integer>>>> places = new ArrayList<>();
    for (int layer = 0; layer < layers; layer++) {
      homes.add(
          switch (mode) {
            case LAYER -> List.of((int) ((long) layer * ranks / layers));
            case TENSOR, EXPERT, DATA -> all;
            case HYBRID -> List.of(0);
          });
      boolean elsewhere = ranks > 1 && mode != Mode.LAYER && expertsOfLayer[layer] > 0;
      places.add(
          elsewhere
              ? Optional.of(runs(expertsOfLayer[layer], mode == Mode.HYBRID ? 1 : 0, ranks))
              : Optional.empty());
    }
    Division division =
        switch (mode) {
          case TENSOR -> Division.WEIGHTS;
          case DATA -> ranks > 1 ? Division.ROWS : Division.NONE;
          case LAYER, EXPERT, HYBRID -> Division.NONE;
        };
    return new Placement(ranks, homes, division, places);
  }

  /** The same with experts where {@code placed} has them, on as many devices. */
  public Placement with(ExpertPlacement placed) {
    if (ranks == 1) {
      return this;
    }
    List<Optional<List<List<Integer>>>> places = new ArrayList<>(experts);
    for (int layer : placed.shape().layers()) {
      places.set(layer, Optional.of(placed.holders(layer)));
    }
    return new Placement(ranks, homes, division, places);
  }

  /** Equal consecutive runs of experts on ranks {@code from} to {@code to}, exclusive. */
  private static List<List<Integer>> runs(int experts, int from, int to) {
    return IntStream.range(0, experts)
        .mapToObj(expert -> List.of(from + (int) ((long) expert * (to - from) / experts)))
        .toList();
  }

  private static List<Integer> range(int from, int to) {
    return IntStream.range(from, to).boxed().toList();
  }

  public int layers() {
    return homes.size();
  }

  /** As one of the ranks sees it. */
  public Shard shard(int rank) {
    return new Shard(rank, this);
  }
}

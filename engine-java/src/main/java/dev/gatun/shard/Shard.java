// Shard: what one rank has of a model.
package dev.gatun.shard;

import java.util.List;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.stream.IntStream;

/** A placement as {@code rank} sees it. */
public record Shard(int rank, Placement placement) {

  /** Everything. */
  public static Shard whole(int layers) {
    return new Shard(0, Placement.single(layers));
  }

  public boolean isHome(int layer) {
    return placement.homes().get(layer).contains(rank);
  }

  /** Whether the layer's residual stream is here or its experts are. */
  public boolean takesPart(int layer) {
    return isHome(layer) || routed(layer).map(routed -> !routed.here().isEmpty()).orElse(false);
  }

  public List<Integer> homes(int layer) {
    return placement.homes().get(layer);
  }

  /** Whether its steps have the rows of its own sequences alone, and its cache what they store. */
  public boolean dividesRows() {
    return placement.division() == Placement.Division.ROWS;
  }

  /** Ranks that have rows of their own; 1 where all ranks have all rows. */
  public int rowRanks() {
    return dividesRows() ? placement.ranks() : 1;
  }

  /** Layers that have their home here. */
  public int homeLayers() {
    return (int) IntStream.range(0, placement.layers()).filter(this::isHome).count();
  }

  /**
   * How the homes of a layer, this rank one of them, divide {@code units} heads or rows: into the
   * most parts that are whole units and begin at multiples of {@code aligned} rows.
   *
   * @param unitRows rows of a weight that make up a unit
   */
  public Split split(int layer, int units, int unitRows, int aligned) {
    return placement.division() == Placement.Division.WEIGHTS
        ? among(homes(layer), units, unitRows, aligned)
        : new Split(homes(layer), 1, homes(layer).indexOf(rank));
  }

  /** How the homes of the last layer divide the rows of the output projection, in any case. */
  public Split splitOfHead(int vocab, int aligned) {
    return among(placement.homes().getLast(), vocab, 1, aligned);
  }

  private Split among(List<Integer> homes, int units, int unitRows, int aligned) {
    int index = homes.indexOf(rank);
    for (int parts = homes.size(); parts > 1; parts--) {
      if (homes.size() % parts == 0
          && units % parts == 0
          && (long) units / parts * unitRows % aligned == 0) {
        return new Split(homes, parts, index);
      }
    }
    return new Split(homes, 1, index);
  }

  /** How the layer's routed experts are spread; empty where all homes have all of them. */
  public Optional<Routed> routed(int layer) {
    return placement.experts().get(layer).map(ranks -> Routed.of(ranks, homes(layer), rank));
  }

  /**
   * Experts on several ranks.
   *
   * @param members the homes and all ranks that have experts, ascending
   * @param helpers members that are no home
   * @param here experts that this rank has, ascending
   * @param turns after which tokens are shared out among copies anew: token t is served as token t
   *     % turns is
   * @param owner (experts, turns): the member that serves
   */
  public record Routed(
      List<Integer> members,
      List<Integer> helpers,
      List<Integer> here,
      int turns,
      List<List<Integer>> owner) {
    /** Where the copies take turns evenly only in more than these, they do so nearly. */
    private static final int MOST_TURNS = 64;

    private static Routed of(List<List<Integer>> ranks, List<Integer> homes, int rank) {
      SortedSet<Integer> members = new TreeSet<>(homes);
      ranks.forEach(members::addAll);
      List<Integer> order = List.copyOf(members);
      List<Integer> here =
          IntStream.range(0, ranks.size())
              .filter(e -> ranks.get(e).contains(rank))
              .boxed()
              .toList();
      int turns = turns(ranks);
      List<List<Integer>> owner =
          ranks.stream()
              .map(
                  owners ->
                      IntStream.range(0, turns)
                          .mapToObj(turn -> order.indexOf(owners.get(turn % owners.size())))
                          .toList())
              .toList();
      List<Integer> helpers = order.stream().filter(member -> !homes.contains(member)).toList();
      return new Routed(order, helpers, here, turns, owner);
    }

    /** The fewest in which each expert's copies serve equally often. */
    private static int turns(List<List<Integer>> ranks) {
      int turns = 1;
      for (List<Integer> owners : ranks) {
        int more = owners.size() / gcd(turns, owners.size());
        if (turns * more > MOST_TURNS) {
          return MOST_TURNS;
        }
        turns *= more;
      }
      return turns;
    }

    private static int gcd(int a, int b) {
      return b == 0 ? a : gcd(b, a % b);
    }

    /** (experts, turns): where this rank's stack has the expert, -1 where another rank serves. */
    public int[] table(int rank) {
      int self = members.indexOf(rank);
      int[] table = new int[owner.size() * turns];
      for (int expert = 0; expert < owner.size(); expert++) {
        for (int turn = 0; turn < turns; turn++) {
          boolean serves = owner.get(expert).get(turn) == self;
          table[expert * turns + turn] = serves ? here.indexOf(expert) : -1;
        }
      }
      return table;
    }
  }
}

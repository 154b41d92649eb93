// Packing: puts things of known weight into bins that hold equally many, so that the bins weigh
// about the same.
package dev.gatun.shard;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.List;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;

/** The heaviest first, each into the lightest bin that has room; ties go to the lowest number. */
final class Packing {
  private final double[] weights;
  private final int room;
  private final double[] loads;
  private final List<BitSet> bins = new ArrayList<>();

  private Packing(double[] weights, int bins, int room) {
    this.weights = weights;
    this.room = room;
    this.loads = new double[bins];
    for (int bin = 0; bin < bins; bin++) {
      this.bins.add(new BitSet());
    }
  }

  /**
   * What each bin holds, ascending; never two copies of one thing.
   *
   * @param weights of one copy of each thing, not negative
   * @param copies of each thing, 1 to {@code bins}; all together {@code bins} times {@code room}
   * @param room how many things a bin holds
   */
  static List<List<Integer>> pack(double[] weights, int[] copies, int bins, int room) {
    Packing packing = new Packing(weights, bins, room);
    IntStream.range(0, weights.length)
        .boxed()
        .sorted(Comparator.comparingDouble(thing -> -weights[thing])) // stable: ties by number
        .forEach(
            thing -> {
              for (int copy = 0; copy < copies[thing]; copy++) {
                packing.put(thing);
              }
            });
    return packing.bins.stream().map(bin -> bin.stream().boxed().toList()).toList();
  }

  private void put(int thing) {
    int lightest = -1;
    for (int bin = 0; bin < loads.length; bin++) {
      if (hasRoom(bin) && !holds(bin, thing) && (lightest < 0 || loads[bin] < loads[lightest])) {
        lightest = bin;
      }
    }
    if (lightest < 0) {
      lightest = makeRoom(thing);
    }
    add(thing, lightest);
  }

  private void add(int thing, int bin) {
    bins.get(bin).set(thing);
    loads[bin] += weights[thing];
  }

  /**
   * Every bin with room holds {@code thing} already: moves another from a full bin, which this
   * returns, to one with room. There is one: a full bin without the thing holds more others than a
   * bin with it and with room. Comes up where weights are zero or nearly equal, so any will do.
   */
  private int makeRoom(int thing) {
    int to = firstBin(this::hasRoom);
    int from = firstBin(bin -> !holds(bin, thing));
    BitSet movable = (BitSet) bins.get(from).clone();
    movable.andNot(bins.get(to));
    int moved = movable.nextSetBit(0);
    bins.get(from).clear(moved);
    loads[from] -= weights[moved];
    add(moved, to);
    return from;
  }

  private int firstBin(IntPredicate wanted) {
    return IntStream.range(0, loads.length).filter(wanted).findFirst().orElseThrow();
  }

  private boolean hasRoom(int bin) {
    return bins.get(bin).cardinality() < room;
  }

  private boolean holds(int bin, int thing) {
    return bins.get(bin).get(thing);
  }
}

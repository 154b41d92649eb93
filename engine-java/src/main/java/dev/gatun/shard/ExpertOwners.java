// ExpertOwners: the devices that hold each expert of a layer.
package dev.gatun.shard;

import java.util.List;

/** The copies of an expert are numbered from 0 in the order of their devices. Immutable. */
public final class ExpertOwners {
  private final int[][] devices;

  /**
   * @param experts of the layer
   * @param held the experts of each device
   */
  ExpertOwners(int experts, List<List<Integer>> held) {
    int[] copies = new int[experts];
    held.forEach(device -> device.forEach(expert -> copies[expert]++));
    devices = new int[experts][];
    for (int expert = 0; expert < experts; expert++) {
      devices[expert] = new int[copies[expert]];
    }
    for (int device = held.size() - 1; device >= 0; device--) {
      for (int expert : held.get(device)) {
        devices[expert][--copies[expert]] = device;
      }
    }
  }

  /** At least 1. */
  public int copies(int expert) {
    return devices[expert].length;
  }

  /** The device of one copy. */
  public int device(int expert, int copy) {
    return devices[expert][copy];
  }

  /**
   * The device that computes an expert for one row of a step: the rows take turns among its copies.
   *
   * @param row of the step, from 0
   */
  public int serving(int expert, int row) {
    return device(expert, row % copies(expert));
  }
}

// RankDevicesTest: which ranks read the embedding that rank 0 has.
package dev.gatun.load;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.gatun.shard.Placement;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class RankDevicesTest {
  private static final Capacity GPU = Capacity.card("24G");
  private static final Capacity CPU = Capacity.host(1L << 40);
  private static final int LAYERS = 4;

  private static List<Boolean> shares(
      boolean inOneProcess, Placement.Mode mode, Capacity... capacities) {
    RankDevices rankDevices = RankDevices.assumed(inOneProcess, List.of(capacities));
    Placement placement = Placement.of(mode, capacities.length, new int[] {8, 8, 8, 8});
    assertEquals(LAYERS, placement.layers());
    return IntStream.range(0, capacities.length)
        .mapToObj(rank -> rankDevices.sharesEmbedding(placement.shard(rank)))
        .toList();
  }

  @Test
  void whoCanReadItInItsProcessDoes() {
    List<Boolean> others = List.of(false, true, true);
    assertEquals(others, shares(true, Placement.Mode.TENSOR, GPU, GPU, GPU));
    assertEquals(others, shares(true, Placement.Mode.EXPERT, CPU, CPU, CPU));
    assertEquals(others, shares(true, Placement.Mode.TENSOR, GPU, CPU, GPU));
    // What is not pinned a GPU does not read.
    assertEquals(List.of(false, true, false), shares(true, Placement.Mode.TENSOR, CPU, CPU, GPU));
  }

  @Test
  void processesAndRanksWithoutTheFirstLayerDoNot() {
    List<Boolean> none = List.of(false, false);
    assertEquals(none, shares(false, Placement.Mode.TENSOR, GPU, GPU));
    assertEquals(none, shares(true, Placement.Mode.LAYER, GPU, GPU));
    assertEquals(none, shares(true, Placement.Mode.HYBRID, GPU, CPU));
  }
}

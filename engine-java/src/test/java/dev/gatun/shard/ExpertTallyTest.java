// ExpertTallyTest: each layer is counted by one rank.
package dev.gatun.shard;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

class ExpertTallyTest {
  private static final ExpertShape SHAPE = new ExpertShape("deepseek_v3", 4, List.of(1, 2));
  private static final int[] EXPERTS = {0, 4, 4};

  private static ExpertTally tally(Placement.Mode mode, int rank) {
    return new ExpertTally(SHAPE, Placement.of(mode, 3, EXPERTS).shard(rank));
  }

  @Test
  void theFirstHomeCounts() {
    for (int layer : SHAPE.layers()) {
      for (int rank = 0; rank < 3; rank++) {
        assertEquals(rank == 0, tally(Placement.Mode.TENSOR, rank).counts(layer));
        assertEquals(rank == layer, tally(Placement.Mode.LAYER, rank).counts(layer));
      }
    }
    assertFalse(tally(Placement.Mode.TENSOR, 0).counts(0), "it has no experts");
  }

  @Test
  void whatRanksCountAddsUp() {
    ExpertCounts total = new ExpertCounts(SHAPE);
    for (int rank = 0; rank < 3; rank++) {
      ExpertTally tally = tally(Placement.Mode.LAYER, rank);
      if (rank == 0) {
        tally.addTokens(2);
      } else {
        assertTrue(tally.counts(rank));
        tally.add(rank, new int[] {rank, rank, 3});
      }
      tally.addTo(total);
    }
    assertEquals(2, total.tokens());
    assertEquals(2, total.count(1, 1));
    assertEquals(2, total.count(2, 2));
    assertEquals(1, total.count(2, 3));
    assertEquals(0, total.count(1, 2));
  }
}

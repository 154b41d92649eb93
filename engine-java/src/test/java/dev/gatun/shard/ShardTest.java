// ShardTest: how the copies of experts share their tokens out.
package dev.gatun.shard;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ShardTest {
  private static final ExpertShape SHAPE = new ExpertShape("qwen3_moe", 4, List.of(0));

  private static Shard.Routed routed(int rank, List<List<Integer>> held) {
    ExpertPlacement placed = new ExpertPlacement(SHAPE, held.size(), List.of(held));
    return Placement.of(Placement.Mode.EXPERT, held.size(), new int[] {4})
        .with(placed)
        .shard(rank)
        .routed(0)
        .orElseThrow();
  }

  /** Expert 1 has three copies, expert 0 two: in six tokens each serves as often as the others. */
  @Test
  void copiesServeEquallyManyTokens() {
    List<List<Integer>> held = List.of(List.of(0, 1), List.of(1, 2), List.of(0, 1, 3));
    Shard.Routed routed = routed(2, held);
    assertEquals(6, routed.turns());
    assertEquals(List.of(0, 2, 0, 2, 0, 2), routed.owner().get(0));
    assertEquals(List.of(0, 1, 2, 0, 1, 2), routed.owner().get(1));
    assertEquals(List.of(1, 1, 1, 1, 1, 1), routed.owner().get(2));
    assertEquals(List.of(0, 1, 3), routed.here());
    assertArrayEquals(
        new int[] {
          -1, 0, -1, 0, -1, 0, //
          -1, -1, 1, -1, -1, 1, //
          -1, -1, -1, -1, -1, -1, //
          2, 2, 2, 2, 2, 2
        },
        routed.table(2));
  }

  /** Of 5, 7 and 9 copies: 315 turns would be even, 64 nearly are, and the table stays small. */
  @Test
  void turnsAreBounded() {
    List<List<Integer>> held =
        IntStream.range(0, 9)
            .mapToObj(
                device ->
                    IntStream.of(5, 7, 9)
                        .filter(copies -> device < copies)
                        .map(copies -> (copies - 5) / 2)
                        .boxed()
                        .toList())
            .map(experts -> experts.isEmpty() ? List.of(3) : plus(experts, 3))
            .toList();
    Shard.Routed routed = routed(0, held);
    assertEquals(64, routed.turns());
    for (int expert = 0; expert < 3; expert++) {
      List<Integer> owner = routed.owner().get(expert);
      for (int device = 0; device < 5 + 2 * expert; device++) {
        int turns = Collections.frequency(owner, device);
        assertEquals(64.0 / (5 + 2 * expert), turns, 1, "expert " + expert);
      }
    }
  }

  private static List<Integer> plus(List<Integer> experts, int more) {
    return IntStream.concat(experts.stream().mapToInt(i -> i), IntStream.of(more)).boxed().toList();
  }
}

// ExpertShapeTest: a shape of experts is one that a model can have.
package dev.gatun.shard;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.junit.jupiter.api.Test;

class ExpertShapeTest {
  @Test
  void layersAreOneOrMoreAscending() {
    for (List<Integer> layers :
        List.of(List.<Integer>of(), List.of(-1), List.of(2, 1), List.of(1, 1))) {
      assertThrows(IllegalArgumentException.class, () -> new ExpertShape("a", 8, layers));
    }
    assertThrows(IllegalArgumentException.class, () -> new ExpertShape("a", 0, List.of(1)));
    assertEquals(1, new ExpertShape("a", 8, List.of(3, 5)).index(5));
  }
}

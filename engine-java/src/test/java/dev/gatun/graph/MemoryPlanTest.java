// MemoryPlanTest: tensors alive at once never overlap, and a plan covers what it was made for
// alone.
package dev.gatun.graph;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.device.FloatVector;
import dev.gatun.op.Op;
import dev.gatun.op.Tensor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class MemoryPlanTest {
  private static final FloatVector NORM = new FloatVector();
  private static final int COLS = 48;

  /** A graph of random norms and sums, of {@code rows} rows; its ops depend on the seed alone. */
  private static Graph graph(long seed, int rows) {
    Random random = new Random(seed);
    Graph graph = new Graph(StepShape.of(rows, rows), Compute.F32, Crossover.never());
    List<Tensor> known = new ArrayList<>(List.of(graph.ropeTable(NORM, COLS, 1)));
    for (int i = 0; i < 60; i++) {
      Tensor x = known.get(random.nextInt(known.size()));
      Tensor y = known.get(random.nextInt(known.size()));
      known.add(random.nextBoolean() ? graph.rmsNorm(x, NORM, 1) : graph.addRmsNorm(x, y, NORM, 1));
    }
    return graph;
  }

  private static Tensor last(Graph graph) {
    return graph.ops().getLast().writes().getLast();
  }

  /** Runs the graph on paper: each byte knows who wrote it last. */
  private static void requireWhole(Graph graph, MemoryPlan plan) {
    Map<Long, Integer> owners = new HashMap<>();
    Set<Integer> written = new HashSet<>();
    for (Op op : graph.ops()) {
      for (Tensor tensor : op.reads()) {
        if (written.contains(tensor.id())) {
          requireOwned(tensor, plan, owners);
        }
      }
      for (Tensor tensor : op.writes()) {
        written.add(tensor.id());
        for (long at = 0; at < tensor.bytes(); at++) {
          assertTrue(plan.offset(tensor) + at < plan.bytes());
          owners.put(plan.offset(tensor) + at, tensor.id());
        }
      }
    }
    requireOwned(last(graph), plan, owners);
  }

  private static void requireOwned(Tensor tensor, MemoryPlan plan, Map<Long, Integer> owners) {
    for (long at = 0; at < tensor.bytes(); at++) {
      assertEquals(tensor.id(), owners.get(plan.offset(tensor) + at), "a byte of " + tensor);
    }
  }

  @Test
  void whatIsAliveAtOnceDoesNotOverlap() {
    for (long seed = 0; seed < 20; seed++) {
      Graph graph = graph(seed, 1 + (int) seed % 3);
      MemoryPlan plan = MemoryPlan.of(graph, Optional.of(last(graph)));
      requireWhole(graph, plan);
      long all = graph.ops().stream().mapToLong(op -> op.writes().getLast().bytes()).sum();
      assertTrue(plan.bytes() < all, "memory is shared");
    }
  }

  @Test
  void aPlanCoversSmallerStepsOfItsStructureAlone() {
    Graph planned = graph(7, 5);
    MemoryPlan plan = MemoryPlan.of(planned, Optional.of(last(planned)));
    for (int rows = 1; rows <= 5; rows++) {
      Graph smaller = graph(7, rows);
      assertTrue(plan.covers(smaller, Optional.of(last(smaller))), rows + " rows");
      requireWhole(smaller, plan);
    }
    Graph larger = graph(7, 6);
    assertFalse(plan.covers(larger, Optional.of(last(larger))), "more rows than planned");
    Graph another = graph(8, 5);
    assertFalse(plan.covers(another, Optional.of(last(another))), "other ops, with other lives");
    assertFalse(
        plan.covers(planned, Optional.of(planned.ops().getFirst().writes().getLast())),
        "another result");
  }
}

// CrossoverTest: which products cuBLAS computes, and what that makes of a graph.
package dev.gatun.graph;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import dev.gatun.device.DType;
import dev.gatun.device.PackedMatrix;
import dev.gatun.device.Sources;
import dev.gatun.op.GateUp;
import dev.gatun.op.MatMul;
import dev.gatun.op.Op;
import dev.gatun.op.Provider;
import dev.gatun.op.Quantize;
import dev.gatun.op.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class CrossoverTest {
  private static final Crossover.Kind PLAIN =
      new Crossover.Kind(false, DType.Q4_0, DType.A8, 64, 64);

  private static PackedMatrix matrix(DType dtype) {
    Arena arena = Arena.ofAuto();
    MemorySegment source = Sources.blocks(arena, dtype, 64, 64, MemorySegment.NULL);
    return new PackedMatrix(arena, source, 1, 0, Optional.empty());
  }

  private static Graph graph(int tokens, Crossover crossover) {
    return new Graph(StepShape.of(tokens, tokens), Compute.INT8, crossover);
  }

  private static Tensor x(int tokens) {
    return new Tensor(-1, DType.F32, tokens, 64);
  }

  @Test
  void phasesAreCutWhereAProductChanges() {
    Crossover crossover =
        new Crossover(
            Map.of(
                PLAIN,
                128,
                new Crossover.Kind(true, DType.Q4_0, DType.A8, 64, 64),
                512,
                new Crossover.Kind(false, DType.Q6_K, DType.A8, 64, 64),
                Crossover.NEVER),
            Crossover.NEVER);
    assertEquals(0, crossover.phase(127));
    assertEquals(1, crossover.phase(128));
    assertEquals(2, crossover.phase(512));
    assertArrayEquals(new int[] {127, 511, 700}, crossover.largestOfPhases(700));
    assertArrayEquals(new int[] {127, 300}, crossover.largestOfPhases(300));
    assertArrayEquals(new int[] {1}, crossover.largestOfPhases(1));
    assertArrayEquals(new int[] {2048}, Crossover.never().largestOfPhases(2048));
    assertArrayEquals(new int[] {16, 17}, Crossover.always().largestOfPhases(17));
  }

  @Test
  void fewRowsAndFloat32AreTheKernels() {
    for (DType dtype : List.of(DType.Q4_0, DType.F16, DType.BF16)) {
      Graph few = graph(16, Crossover.always());
      few.matMul(matrix(dtype), x(16));
      assertEquals(dtype == DType.Q4_0 ? DType.A8 : DType.F32, inputOf(few.ops().getLast()));
      Graph many = graph(17, Crossover.always());
      many.matMul(matrix(dtype), x(17));
      assertEquals(DType.BF16, inputOf(many.ops().getLast()));
    }
    Graph router = graph(17, Crossover.always());
    router.matMul(matrix(DType.F32), x(17));
    assertEquals(DType.F32, inputOf(router.ops().getLast()));
    Graph reference = new Graph(StepShape.of(17, 17), Compute.F32, Crossover.always());
    reference.matMul(matrix(DType.Q4_0), x(17));
    assertEquals(DType.F32, inputOf(reference.ops().getLast()));
  }

  /** The format of a product's input, which cuBLAS alone is given in bfloat16 today. */
  private static DType inputOf(Op op) {
    MatMul product = (MatMul) op;
    DType dtype = product.x().dtype();
    assertEquals(dtype == DType.BF16 ? Provider.CUBLAS : Provider.KERNELS, product.provider());
    return dtype;
  }

  @Test
  void queriesKeysAndValuesAreOneOpOfTheKernelsAndThreeProductsOfCublas() {
    PackedMatrix weight = matrix(DType.Q4_0);
    Graph kernels = graph(32, Crossover.never());
    kernels.qkv(weight, weight, weight, x(32));
    assertEquals(List.of("Quantize", "Qkv"), names(kernels));
    Graph cublas = graph(32, Crossover.always());
    cublas.qkv(weight, weight, weight, x(32));
    assertEquals(List.of("Quantize", "MatMul", "MatMul", "MatMul"), names(cublas));
    assertEquals(DType.BF16, inputOf(cublas.ops().getLast()));
  }

  private static List<String> names(Graph graph) {
    return graph.ops().stream().map(op -> op.getClass().getSimpleName()).toList();
  }

  @Test
  void onlyTheKindThatCublasComputesChanges() {
    Crossover crossover = new Crossover(Map.of(PLAIN, 100), Crossover.NEVER);
    Graph graph = graph(100, crossover);
    PackedMatrix weight = matrix(DType.Q4_0);
    Tensor x = x(100);
    graph.matMul(weight, x);
    assertEquals(DType.BF16, inputOf(graph.ops().getLast()));
    graph.fineMatMul(weight, x);
    assertEquals(DType.A16, inputOf(graph.ops().getLast()));
    graph.gateUp(weight, weight, x);
    assertInstanceOf(GateUp.class, graph.ops().getLast());
    // The rounded input is made once.
    graph.matMul(weight, x);
    assertEquals(3, graph.ops().stream().filter(Quantize.class::isInstance).count());
  }

  @Test
  void gateAndUpAreTwoProductsAndWhatJoinsThem() {
    Graph graph = graph(32, Crossover.always());
    PackedMatrix weight = matrix(DType.Q4_0);
    graph.matMul(weight, graph.gateUp(weight, weight, x(32)));
    graph.fuse();
    assertEquals(List.of("Quantize", "MatMul", "MatMul", "Gated", "MatMul"), names(graph));
    assertEquals(DType.BF16, graph.ops().get(3).writes().getFirst().dtype());
  }

  @Test
  void theKernelOfGateAndUpLeavesTheRoundingToAnotherOp() {
    Crossover crossover = new Crossover(Map.of(PLAIN, 17), Crossover.NEVER);
    Graph graph = graph(32, crossover);
    PackedMatrix weight = matrix(DType.Q4_0);
    graph.matMul(weight, graph.gateUp(weight, weight, x(32)));
    graph.fuse();
    assertEquals(List.of("Quantize", "GateUp", "Quantize", "MatMul"), names(graph));
  }
}

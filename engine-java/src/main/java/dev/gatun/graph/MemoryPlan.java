// MemoryPlan: lays the tensors of a graph out in one slab, sharing what is never alive at once.
package dev.gatun.graph;

import dev.gatun.device.Buffer;
import dev.gatun.op.Op;
import dev.gatun.op.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Byte offsets of a graph's tensors, each {@link Buffer#ALIGNMENT}-aligned; the graph's result
 * stays alive to the end.
 */
public final class MemoryPlan {
  /** What each tensor was given: none overlaps another that is alive with it. */
  private final Map<Integer, Placed> placed;

  private final long bytes;

  private MemoryPlan(List<Placed> placed, long bytes) {
    this.placed = placed.stream().collect(Collectors.toMap(each -> each.life.id, each -> each));
    this.bytes = bytes;
  }

  /** Bytes of the slab. */
  public long bytes() {
    return bytes;
  }

  long offset(Tensor tensor) {
    return placed.get(tensor.id()).begin + tensor.begin();
  }

  /** From the op that first writes some of a tensor to the last one that touches it. */
  private record Life(int id, long bytes, int from, int to) {
    boolean meets(Life other) {
      return from <= other.to && other.from <= to;
    }
  }

  private record Placed(Life life, long begin, long end) {}

  /**
   * Whether a graph may run by this plan: each of its tensors has its place, lives no longer than
   * what was planned there, and takes no more room. So it is with a smaller step of the same
   * structure.
   *
   * @param result as in {@link #of}
   */
  public boolean covers(Graph graph, Optional<Tensor> result) {
    return lives(graph, result).stream().allMatch(this::covers);
  }

  private boolean covers(Life life) {
    Placed place = placed.get(life.id);
    return place != null
        && place.life.from <= life.from
        && life.to <= place.life.to
        && life.bytes <= place.end - place.begin;
  }

  /**
   * Places each tensor, largest first, at the lowest offset free for all of its life.
   *
   * @param result stays to the end; empty where another rank has it
   */
  public static MemoryPlan of(Graph graph, Optional<Tensor> result) {
    List<Placed> placed = new ArrayList<>();
    long bytes = 0;
    List<Life> lives = lives(graph, result);
    lives.sort(Comparator.comparingLong((Life life) -> -life.bytes));
    for (Life life : lives) {
      long begin = lowestGap(life, placed);
      long end = begin + Buffer.aligned(life.bytes);
      placed.add(new Placed(life, begin, end));
      bytes = Math.max(bytes, end);
    }
    return new MemoryPlan(placed, bytes);
  }

  private static long lowestGap(Life life, List<Placed> placed) {
    List<Placed> inTheWay = new ArrayList<>();
    for (Placed other : placed) {
      if (other.life.meets(life)) {
        inTheWay.add(other);
      }
    }
    inTheWay.sort(Comparator.comparingLong(Placed::begin));
    long candidate = 0;
    for (Placed other : inTheWay) {
      if (candidate + Buffer.aligned(life.bytes) <= other.begin) {
        break;
      }
      candidate = Math.max(candidate, other.end);
    }
    return candidate;
  }

  private static List<Life> lives(Graph graph, Optional<Tensor> result) {
    long[] bytes = new long[graph.tensors()];
    int[] from = new int[bytes.length];
    int[] to = new int[bytes.length];
    Arrays.fill(from, Integer.MAX_VALUE);
    for (int i = 0; i < graph.ops().size(); i++) {
      Op op = graph.ops().get(i);
      for (List<Tensor> touched : List.of(op.reads(), op.writes())) {
        for (Tensor tensor : touched) {
          bytes[tensor.id()] = Math.max(bytes[tensor.id()], tensor.begin() + tensor.bytes());
          from[tensor.id()] = Math.min(from[tensor.id()], i);
          to[tensor.id()] = i;
        }
      }
    }
    result.ifPresent(kept -> to[kept.id()] = graph.ops().size());
    List<Life> lives = new ArrayList<>();
    for (int id = 0; id < bytes.length; id++) {
      if (bytes[id] > 0) { // else no op uses it
        lives.add(new Life(id, bytes[id], from[id], to[id]));
      }
    }
    return lives;
  }
}

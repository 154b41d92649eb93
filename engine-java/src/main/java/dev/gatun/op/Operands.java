// Operands: where what ops work on lies, as the contract's structs.
package dev.gatun.op;

import dev.gatun.device.Buffer;
import dev.gatun.device.DType;
import dev.gatun.device.IntVector;
import dev.gatun.device.Ops;
import dev.gatun.device.RopeWeights;
import dev.gatun.device.RouterWeights;
import dev.gatun.device.Structs;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Function;

/** What {@link Op#bind} is given. Its structs live as long as the arena. */
public final class Operands {
  private final Arena arena;
  private final Ops ops;
  private final Function<Tensor, Buffer> bufferOf;
  private final StepOperands step;
  private final Exchanges exchanges;
  private final Map<Tensor, MemorySegment> tensors = new HashMap<>();
  private final Map<Tensor, Exchanges.Shown> shown = new HashMap<>();

  /**
   * @param ops of the device that the calls run on
   * @param bufferOf where each tensor lies
   * @param step what the ops of a step share
   * @param exchanges with other ranks
   */
  public Operands(
      Arena arena,
      Ops ops,
      Function<Tensor, Buffer> bufferOf,
      StepOperands step,
      Exchanges exchanges) {
    this.arena = arena;
    this.ops = ops;
    this.bufferOf = bufferOf;
    this.step = step;
    this.exchanges = exchanges;
  }

  public Ops ops() {
    return ops;
  }

  public StepOperands step() {
    return step;
  }

  Exchanges exchanges() {
    return exchanges;
  }

  /** Where a tensor lies. */
  Buffer buffer(Tensor tensor) {
    return bufferOf.apply(tensor).slice(0, tensor.bytes());
  }

  /** What the host is shown of a tensor; the same for all ops that ask. */
  Exchanges.Shown shown(Tensor tensor) {
    return shown.computeIfAbsent(tensor, asked -> exchanges.shown(buffer(asked), arena));
  }

  /** The {@code gk_tensor} of {@code tensor}. */
  public MemorySegment struct(Tensor tensor) {
    return tensors.computeIfAbsent(
        tensor, t -> Structs.tensor(arena, bufferOf.apply(t), t.rows(), t.cols(), t.dtype()));
  }

  /** The {@code gk_tensor} of some columns of {@code tensor}, from {@code first} on. */
  public MemorySegment columns(Tensor tensor, int first, int cols) {
    if (cols == tensor.cols()) {
      return struct(tensor);
    }
    long begin = tensor.dtype().bytes(first);
    Buffer data = bufferOf.apply(tensor).slice(begin, tensor.bytes() - begin);
    return Structs.columns(arena, data, tensor.rows(), cols, tensor.cols(), tensor.dtype());
  }

  /** The address of {@code tensor}. */
  public MemorySegment data(Tensor tensor) {
    return bufferOf.apply(tensor).segment();
  }

  /** The {@code gk_tensor} (1, count) of integers. */
  public MemorySegment ints(Buffer ints, int count) {
    return Structs.tensor(arena, ints, 1, count, DType.I32);
  }

  /** The {@code gk_tensor} (rows, cols) of integers, row after row. */
  MemorySegment ints(IntVector ints, int cols) {
    return intRows(ints.data(), cols);
  }

  /** The {@code gk_tensor} (rows, cols) of integers, NULL where there are none. */
  MemorySegment intRows(Buffer ints, int cols) {
    int rows = Math.toIntExact(ints.bytes() / Integer.BYTES / cols);
    return ints == Buffer.NONE
        ? MemorySegment.NULL
        : Structs.tensor(arena, ints, rows, cols, DType.I32);
  }

  /** The {@code gk_tensor} (1, all) of integers, NULL where there are none. */
  public MemorySegment ints(Buffer ints) {
    return ints == Buffer.NONE
        ? MemorySegment.NULL
        : ints(ints, Math.toIntExact(ints.bytes() / Integer.BYTES));
  }

  /** The {@code gk_router}. */
  public MemorySegment router(RouterWeights weights) {
    return Structs.router(arena, weights);
  }

  /** The {@code gk_rope} with the cosines and sines in {@code table}. */
  public MemorySegment rope(RopeWeights weights, Tensor table) {
    return Structs.rope(arena, weights, bufferOf.apply(table));
  }
}

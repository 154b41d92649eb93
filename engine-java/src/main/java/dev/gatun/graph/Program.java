// Program: a graph bound to memory, ready to run again and again without building anything.
package dev.gatun.graph;

import dev.gatun.device.Buffer;
import dev.gatun.device.DType;
import dev.gatun.device.Device;
import dev.gatun.device.Ops;
import dev.gatun.device.Recording;
import dev.gatun.device.Structs;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.IntFunction;

/**
 * The ops of a graph as calls whose structs are filled once. What differs between two runs lies in
 * the step's input buffers, so a device that can record repeats the whole run with one launch.
 */
public final class Program implements AutoCloseable {
  /**
   * Steps that decode are recorded from their second run on; larger ones run longer than it takes
   * to issue them, and others come in too many shapes.
   */
  private static final int MOST_RECORDED_TOKENS = 64;

  private final Arena arena = Arena.ofShared();
  private final Graph graph;
  private final Device device;
  private final Buffer slab;
  private final StepInputs inputs;
  private final MemoryPlan plan;
  private final List<Runnable> calls = new ArrayList<>();
  private final Buffer result;
  private final MemorySegment[] tensors;
  private final MemorySegment batch;
  private final IntFunction<MemorySegment> cacheOfLayer;
  private boolean hasRun;
  private Optional<Recording> recording = Optional.empty();

  /**
   * Where the programs of an engine run, shared by them all.
   *
   * @param slab at least {@code plan.bytes()} bytes for each program's plan
   * @param inputs what each run reads
   * @param cacheOfLayer the {@code gk_cache} struct of each layer
   */
  public record Place(
      Device device, Buffer slab, StepInputs inputs, IntFunction<MemorySegment> cacheOfLayer) {}

  /**
   * @param result the tensor that {@link #result} is after a run
   */
  public Program(Graph graph, Tensor result, MemoryPlan plan, Place place) {
    if (!plan.covers(graph, result)) {
      throw new IllegalArgumentException("the memory plan does not cover " + graph.shape());
    }
    this.graph = graph;
    this.plan = plan;
    device = place.device();
    inputs = place.inputs();
    slab = place.slab();
    cacheOfLayer = place.cacheOfLayer();
    this.result = data(result);
    this.tensors = new MemorySegment[graph.tensors()];
    batch =
        Structs.batch(
            arena,
            graph.shape().tokens(),
            0, // set at each run
            inputs.sequences(),
            inputs.maxPages(),
            inputs.position(),
            inputs.sequence(),
            inputs.pageTable());
    for (Op op : graph.ops()) {
      calls.add(bind(op, device.ops()));
    }
  }

  /**
   * Issues every op in order; the step's inputs are in their buffers.
   *
   * @param singles how many rows, from the first on, are the only ones of their sequences
   */
  public void run(int singles) {
    Structs.singles(batch, singles);
    if (recording.isEmpty() && hasRun && records()) {
      recording = Optional.of(device.record(this::issue));
    }
    recording.ifPresentOrElse(Recording::run, this::issue);
    hasRun = true;
  }

  private boolean records() {
    return device.records()
        && graph.shape().decodes()
        && graph.shape().tokens() <= MOST_RECORDED_TOKENS;
  }

  private void issue() {
    for (Runnable call : calls) {
      call.run();
    }
  }

  /**
   * As {@link #run}, and shows each marked tensor, (rows, cols) float32, as soon as it holds its
   * mark.
   */
  public void run(int singles, BiConsumer<String, MemorySegment> observer) {
    Structs.singles(batch, singles);
    for (int i = 0; i < calls.size(); i++) {
      calls.get(i).run();
      int done = i;
      graph
          .marks()
          .forEach(
              (name, mark) -> {
                if (mark.op() == done) {
                  observe(name, mark.tensor(), observer);
                }
              });
    }
  }

  private void observe(String name, Tensor tensor, BiConsumer<String, MemorySegment> observer) {
    try (Arena shown = Arena.ofConfined()) {
      MemorySegment copy = shown.allocate(tensor.bytes(), MemoryPlan.ALIGNMENT);
      device.download(data(tensor), copy);
      observer.accept(name, copy);
    }
  }

  /** The result tensor; overwritten by the next run of any program of the place. */
  public Buffer result() {
    return result;
  }

  /** Bytes of weights one run reads. */
  public long weightBytes() {
    return graph.ops().stream().mapToLong(Op::weightBytes).sum();
  }

  @Override
  public void close() {
    recording.ifPresent(Recording::close);
    arena.close();
  }

  private Runnable bind(Op op, Ops ops) {
    return switch (op) {
      case Op.Embed o -> embed(o, ops);
      case Op.RmsNorm o -> rmsNorm(o, ops);
      case Op.AddRmsNorm o -> addRmsNorm(o, ops);
      case Op.GatherRows o -> gatherRows(o, ops);
      case Op.GatherCols o -> gatherCols(o, ops);
      case Op.Quantize o -> quantize(o, ops);
      case Op.MatMul o -> matMul(o, ops);
      case Op.Qkv o -> qkv(o, ops);
      case Op.GateUp o -> gateUp(o, ops);
      case Op.Gated o -> gated(o, ops);
      case Op.RopeTable o -> ropeTable(o, ops);
      case Op.RopeStore o -> ropeStore(o, ops);
      case Op.Attention o -> attention(o, ops);
      case Op.Sample o -> sample(o, ops);
      case Op.Route o -> route(o, ops);
      case Op.ExpertGateUp o -> expertGateUp(o, ops);
      case Op.ExpertDown o -> expertDown(o, ops);
    };
  }

  private Runnable embed(Op.Embed o, Ops ops) {
    MemorySegment ids = rowOfInts(inputs.tokenIds(), graph.shape().tokens());
    MemorySegment y = struct(o.y());
    MemorySegment drawn =
        rowOfInts(inputs.drawn(), Math.toIntExact(inputs.drawn().bytes() / Integer.BYTES));
    return () -> ops.embed(o.table().struct(), ids, drawn, y);
  }

  private Runnable rmsNorm(Op.RmsNorm o, Ops ops) {
    MemorySegment x = struct(o.x());
    MemorySegment y = struct(o.y());
    return () -> ops.rmsNorm(x, o.weight(), o.eps(), y);
  }

  private Runnable addRmsNorm(Op.AddRmsNorm o, Ops ops) {
    MemorySegment residual = struct(o.residual());
    MemorySegment delta = struct(o.delta());
    MemorySegment y = struct(o.y());
    return () -> ops.addRmsNorm(residual, delta, o.weight(), o.eps(), y);
  }

  private Runnable gatherRows(Op.GatherRows o, Ops ops) {
    MemorySegment x = struct(o.x());
    MemorySegment rows = rowOfInts(inputs.logitRows(), graph.shape().logitRows());
    MemorySegment y = struct(o.y());
    return () -> ops.gatherRows(x, rows, y);
  }

  private Runnable gatherCols(Op.GatherCols o, Ops ops) {
    MemorySegment x = struct(o.x());
    MemorySegment order = rowOfInts(o.order().data(), o.x().cols());
    MemorySegment y = struct(o.y());
    return () -> ops.gatherCols(x, order, y);
  }

  private Runnable quantize(Op.Quantize o, Ops ops) {
    MemorySegment x = struct(o.x());
    MemorySegment y = struct(o.y());
    return () -> ops.quantize(x, y);
  }

  private Runnable matMul(Op.MatMul o, Ops ops) {
    MemorySegment x = struct(o.x());
    MemorySegment y = struct(o.y());
    return () -> ops.matMul(o.weight(), x, y);
  }

  private Runnable qkv(Op.Qkv o, Ops ops) {
    MemorySegment x = struct(o.x());
    MemorySegment q = struct(o.y().q());
    MemorySegment k = struct(o.y().k());
    MemorySegment v = struct(o.y().v());
    return () -> ops.qkv(o.q(), o.k(), o.v(), x, q, k, v);
  }

  private Runnable gateUp(Op.GateUp o, Ops ops) {
    MemorySegment x = struct(o.x());
    MemorySegment y = struct(o.y());
    return () -> ops.gateUp(o.gate(), o.up(), x, y);
  }

  private Runnable gated(Op.Gated o, Ops ops) {
    MemorySegment gate = struct(o.gate());
    MemorySegment up = struct(o.up());
    MemorySegment y = struct(o.y());
    return () -> ops.gated(gate, up, y);
  }

  private Runnable ropeTable(Op.RopeTable o, Ops ops) {
    Buffer table = data(o.table());
    return () -> ops.ropeTable(batch, o.invFreq(), o.dim(), o.scale(), table);
  }

  private Runnable ropeStore(Op.RopeStore o, Ops ops) {
    MemorySegment rope = Structs.rope(arena, o.weights(), data(o.table()));
    MemorySegment q = struct(o.q());
    MemorySegment k = struct(o.k());
    MemorySegment v = struct(o.v());
    MemorySegment cache = cacheOfLayer.apply(o.layer());
    return () -> ops.ropeStore(rope, batch, q, k, v, cache);
  }

  private Runnable attention(Op.Attention o, Ops ops) {
    MemorySegment q = struct(o.q());
    MemorySegment cache = cacheOfLayer.apply(o.layer());
    MemorySegment y = struct(o.y());
    return () -> ops.attention(batch, q, cache, o.scale(), y);
  }

  private Runnable sample(Op.Sample o, Ops ops) {
    MemorySegment logits = struct(o.logits());
    MemorySegment tokens = rowOfInts(inputs.drawn(), o.logits().rows());
    return () -> ops.sample(logits, inputs.sampling(), tokens);
  }

  private Runnable route(Op.Route o, Ops ops) {
    MemorySegment logits = struct(o.logits());
    MemorySegment ids = struct(o.ids());
    MemorySegment weights = struct(o.weights());
    return () -> ops.route(logits, o.normalize(), ids, weights);
  }

  private Runnable expertGateUp(Op.ExpertGateUp o, Ops ops) {
    MemorySegment x = struct(o.x());
    MemorySegment ids = struct(o.ids());
    MemorySegment y = struct(o.y());
    return () -> ops.expertGateUp(o.gate(), o.up(), x, ids, y);
  }

  private Runnable expertDown(Op.ExpertDown o, Ops ops) {
    MemorySegment h = struct(o.h());
    MemorySegment ids = struct(o.ids());
    MemorySegment weights = struct(o.weights());
    MemorySegment y = struct(o.y());
    return () -> ops.expertDown(o.down(), h, ids, weights, y);
  }

  private Buffer data(Tensor tensor) {
    return slab.slice(plan.offset(tensor), tensor.bytes());
  }

  private MemorySegment struct(Tensor tensor) {
    MemorySegment known = tensors[tensor.id()];
    if (known == null) {
      known = Structs.tensor(arena, data(tensor), tensor.rows(), tensor.cols(), tensor.dtype());
      tensors[tensor.id()] = known;
    }
    return known;
  }

  private MemorySegment rowOfInts(Buffer ints, int count) {
    return Structs.tensor(arena, ints, 1, count, DType.I32);
  }
}

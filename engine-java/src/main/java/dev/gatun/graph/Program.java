// Program: a graph bound to memory, ready to run again and again without building anything.
package dev.gatun.graph;

import dev.gatun.device.Buffer;
import dev.gatun.device.Device;
import dev.gatun.device.Recording;
import dev.gatun.device.Structs;
import dev.gatun.op.Exchanges;
import dev.gatun.op.Exchanging;
import dev.gatun.op.Op;
import dev.gatun.op.Operands;
import dev.gatun.op.Rows;
import dev.gatun.op.Sample;
import dev.gatun.op.StepInputs;
import dev.gatun.op.StepOperands;
import dev.gatun.op.Tensor;
import dev.gatun.shard.ExpertTally;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
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
  private final Map<Rows, MemorySegment> batches = new HashMap<>();
  private final MemoryPlan plan;
  private final List<Runnable> calls = new ArrayList<>();
  private final Buffer result;
  private final Optional<Runnable> draw;
  private final boolean counts;
  private boolean hasRun;
  private Optional<Recording> recording = Optional.empty();

  /**
   * The memory that the programs of an engine run in, shared by them all.
   *
   * @param slab at least {@code plan.bytes()} bytes for each program's plan
   * @param inputs what each run reads
   * @param caches the {@code gk_cache} struct of each index
   * @param exchanges with other ranks
   * @param tally hears what routers choose, as host code between the ops; empty where nobody asks
   */
  public record Memory(
      Device device,
      Buffer slab,
      StepInputs inputs,
      IntFunction<MemorySegment> caches,
      Exchanges exchanges,
      Optional<ExpertTally> tally) {}

  /**
   * @param result the tensor that {@link #result} is after a run; empty where another rank has it
   */
  public Program(Graph graph, Optional<Tensor> result, MemoryPlan plan, Memory memory) {
    if (!plan.covers(graph, result)) {
      throw new IllegalArgumentException("the memory plan does not cover " + graph.shape());
    }
    this.graph = graph;
    this.plan = plan;
    device = memory.device();
    StepInputs inputs = memory.inputs();
    slab = memory.slab();
    counts = memory.tally().isPresent();
    this.result = result.map(this::data).orElse(Buffer.NONE);
    StepOperands step =
        new StepOperands(
            rows -> batches.computeIfAbsent(rows, some -> batch(inputs, some)),
            memory.caches(),
            inputs,
            memory.tally());
    Operands operands = new Operands(arena, device.ops(), this::data, step, memory.exchanges());
    graph.ops().forEach(op -> calls.add(op.bind(operands)));
    draw = result.map(logits -> new Sample(logits).bind(operands));
  }

  private MemorySegment batch(StepInputs inputs, Rows rows) {
    long begin = (long) Integer.BYTES * rows.first();
    long bytes = (long) Integer.BYTES * rows.count();
    return Structs.batch(
        arena,
        rows.count(),
        0, // set at each run
        inputs.sequences(),
        inputs.maxPages(),
        inputs.position().slice(begin, bytes),
        inputs.sequence().slice(begin, bytes),
        inputs.pageTable());
  }

  private void setSingles(int singles) {
    batches.forEach(
        (rows, batch) ->
            Structs.singles(batch, Math.clamp(singles - rows.first(), 0, rows.count())));
  }

  /**
   * Issues every op in order; the step's inputs are in their buffers.
   *
   * @param singles how many rows, from the first on, are the only ones of their sequences
   */
  public void run(int singles) {
    setSingles(singles);
    if (recording.isEmpty() && hasRun && records()) {
      recording = Optional.of(device.record(this::issue));
    }
    recording.ifPresentOrElse(Recording::run, this::issue);
    hasRun = true;
  }

  private boolean records() {
    return device.records()
        && !counts
        && graph.ops().stream().noneMatch(Exchanging.class::isInstance)
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
   * mark; one that is computed in parts part by part, in the order of the rows.
   */
  public void run(int singles, BiConsumer<String, MemorySegment> observer) {
    setSingles(singles);
    for (int i = 0; i < calls.size(); i++) {
      calls.get(i).run();
      int done = i;
      graph.marks().stream()
          .filter(mark -> mark.op() == done)
          .forEach(mark -> observe(mark.name(), mark.tensor(), observer));
    }
  }

  private void observe(String name, Tensor tensor, BiConsumer<String, MemorySegment> observer) {
    try (Arena shown = Arena.ofConfined()) {
      MemorySegment copy = shown.allocate(tensor.bytes(), Buffer.ALIGNMENT);
      device.download(data(tensor), copy);
      observer.accept(name, copy);
    }
  }

  /**
   * The result tensor, NONE where another rank has it; overwritten by the next run of any program
   * of the memory.
   */
  public Buffer result() {
    return result;
  }

  /** Issues the draw of a token from each row of {@link #result}, which the run has left out. */
  public void draw() {
    draw.orElseThrow().run();
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

  private Buffer data(Tensor tensor) {
    return slab.slice(plan.offset(tensor), tensor.bytes());
  }
}

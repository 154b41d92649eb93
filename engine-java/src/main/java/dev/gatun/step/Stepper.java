// Stepper: runs batches on a device, each as one step of a model.
package dev.gatun.step;

import dev.gatun.device.Buffer;
import dev.gatun.device.Device;
import dev.gatun.device.HostView;
import dev.gatun.graph.Compute;
import dev.gatun.graph.Program;
import dev.gatun.graph.RankRows;
import dev.gatun.graph.StepShape;
import dev.gatun.kv.DevicePages;
import dev.gatun.kv.PageStore;
import dev.gatun.model.Model;
import dev.gatun.op.Exchanges;
import dev.gatun.op.StepInputs;
import dev.gatun.refusal.Refusal;
import dev.gatun.shard.ExpertTally;
import dev.gatun.shard.Shard;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.IntUnaryOperator;
import java.util.stream.IntStream;

/**
 * Owns the memory that changes from step to step, at fixed addresses. On a GPU a step runs after
 * {@link #issue} has returned, and the next may be issued before it is done. For one thread at a
 * time.
 */
public final class Stepper implements AutoCloseable {
  /** Above so many tokens a step that decodes is padded to a multiple of it. */
  private static final int BUCKET = 8;

  /** In flight at once. */
  private static final int STEPS = 2;

  private final Device device;
  private final StepPlans plans;
  private final ProgramCache programs;
  private final StepInFlight[] steps;

  private final Shard shard;
  private final RankInputs rankInputs;
  private final TokenMasks masks;
  private final Optional<Relay> relay;
  private final PageStore pages;
  private final Optional<ExpertTally> tally;
  private int issued;

  /**
   * @param steps of the model
   * @param maxPages of the longest sequence
   * @param arena lifetime of its memory; it is closed before
   */
  public Stepper(
      Steps steps, Device device, DevicePages cache, int maxPages, Others others, Arena arena) {
    this.device = device;
    plans = steps.plans;
    relay = others.relay;
    shard = steps.shard;
    pages = others.pages;
    tally = steps.tally;
    InputLayout layout = InputLayout.of(plans.most(), maxPages, steps.model.hasMtp());
    Buffer buffer = device.allocate("the steps' inputs", layout.bytes(), arena);
    Buffer drawn = device.allocate("the tokens drawn", drawnBytes(plans.most()), arena);
    Buffer slab = device.allocate("the activations", Math.max(plans.bytes(), 1), arena);
    masks = new TokenMasks(plans, device, arena);
    StepInputs inputs = layout.in(buffer, masks.onDevice(), drawn);
    programs =
        new ProgramCache(
            steps.model,
            steps.compute,
            plans,
            new Program.Memory(device, slab, inputs, cache::cache, others.exchanges, tally));
    HostView logits = device.view("the logits", Math.max(plans.logitBytes(), 1), arena);
    this.steps =
        IntStream.range(0, STEPS)
            .mapToObj(_ -> new StepInFlight(layout, buffer, drawn, logits, device, arena))
            .toArray(StepInFlight[]::new);
    rankInputs = new RankInputs(shard.rank() == 0 ? shard.rowRanks() : 1, layout, device, arena);
  }

  /**
   * The steps of a model, and how they lie in memory.
   *
   * @param shard that the model is of
   * @param tally hears what routers choose; empty where nobody asks
   */
  public record Steps(
      Model model, Shard shard, Compute compute, StepPlans plans, Optional<ExpertTally> tally) {}

  /**
   * Other ranks that run the same steps.
   *
   * @param relay by which rank 0 tells them; empty where there are none
   * @param pages this rank's, which leave the cache where rank 0 says so
   */
  public record Others(Optional<Relay> relay, Exchanges exchanges, PageStore pages) {}

  /**
   * Bytes of the inputs of the largest steps.
   *
   * @param ranks that have rows of their own; 1 where all ranks have all rows
   */
  public static long inputBytes(StepBounds most, int maxPages, int ranks) {
    InputLayout layout = InputLayout.of(most, maxPages, false);
    return layout.bytes() + (ranks - 1) * layout.usedBytes(0);
  }

  /**
   * Bytes of a stepper's memory besides the slab, on a device whose memory is the host's.
   *
   * @param described ranks whose rows it describes: more than its own only on rank 0
   */
  public static long memoryBytes(StepPlans plans, int maxPages, int described) {
    int copies = STEPS + described;
    return copies * inputBytes(plans.most(), maxPages, 1)
        + drawnBytes(plans.most())
        + 2 * TokenMasks.bytes(plans);
  }

  private static long drawnBytes(StepBounds most) {
    return (long) Integer.BYTES * most.logitRows();
  }

  /** Whether other ranks run the same steps: then a step that fails has failed for all. */
  public boolean isShared() {
    return relay.isPresent();
  }

  /**
   * The step that was issued last has failed: other ranks, which wait for its rest, end too.
   *
   * @return what to tell: of a refusal with the rank that failed first, where there are several
   */
  public Throwable fail(Throwable reason) {
    Optional<Refusal> ofAll = relay.map(others -> others.fail(device.name(), reason));
    return reason instanceof Refusal refusal ? ofAll.orElse(refusal) : reason;
  }

  /** On ranks other than 0: runs what that issues, until there is no more. */
  public void follow() {
    Relay first = relay.orElseThrow();
    StepInFlight step = steps[0];
    Optional<Relay.Announced> next = first.next(step.rows().memory(), pages);
    while (next.isPresent()) {
      Relay.Announced announced = next.get();
      Program program = programs.of(announced.shape());
      step.issue(announced.inputs(), () -> program.run(announced.singles()), Buffer.NONE, false);
      step.await();
      next = first.next(step.rows().memory(), pages);
    }
  }

  /** The largest steps it takes. */
  public StepBounds most() {
    return plans.most();
  }

  /**
   * Issues a step, after which its sequences' pages hold its tokens. Waits for the step before the
   * last. Where the batch is masked, its draws are left to {@link #draw}.
   *
   * @param wantsLogits whether the host wants the rows of logits, and not only what is drawn
   * @throws IllegalArgumentException for a step larger than {@link #most}
   */
  public StepInFlight issue(Batch batch, boolean wantsLogits) {
    return issue(batch, wantsLogits, program -> program.run(batch.of(0).singles()));
  }

  /**
   * As {@link #issue}, and shows each marked tensor of the graph, (rows, cols) float32, as soon as
   * it holds what its mark says.
   */
  public StepInFlight issue(Batch batch, BiConsumer<String, MemorySegment> observer) {
    return issue(batch, true, program -> program.run(batch.of(0).singles(), observer));
  }

  private StepInFlight issue(Batch batch, boolean wantsLogits, Consumer<Program> run) {
    StepShape shape = shape(batch);
    Program program = programs.of(shape);
    StepInFlight before = steps[(issued + steps.length - 1) % steps.length];
    StepInFlight step = steps[issued++ % steps.length];
    step.await();
    // What rank 0 has drawn lies on its device alone: others are told the token itself.
    IntUnaryOperator idOf =
        id -> id < 0 && isShared() ? before.token(Batch.Part.drawnInRow(id)) : id;
    InputRows own = step.rows();
    own.fill(batch.of(0), shape.tokens(), shape.logitRows(), idOf);
    if (batch.draws()) {
      own.fillSampling(batch, logitRows(shape));
    }
    MemorySegment used = own.used(batch.of(0).parts().size());
    tally.ifPresent(counts -> counts.addTokens(batch.tokens()));
    relay.ifPresent(
        others -> others.announce(shape.draws(), rankInputs.shares(batch, shape, own, idOf)));
    step.issue(
        used,
        () -> run.accept(program),
        wantsLogits ? program.result() : Buffer.NONE,
        shape.draws());
    return step;
  }

  /** Of all ranks. */
  private static int logitRows(StepShape shape) {
    return shape.ranks().map(all -> RankRows.sum(all.logitRows())).orElse(shape.logitRows());
  }

  /**
   * Says what may be drawn for a masked part of the step issued last; once the step before it is
   * done.
   *
   * @param allowed as {@link dev.gatun.sample.TokenMask#allowed}
   */
  public void mask(Batch batch, Batch.Part part, MemorySegment allowed) {
    masks.set(batch.maskRow(part), allowed);
  }

  /**
   * Issues the draws of the step issued last, whose batch is masked; before the next is issued. For
   * a part whose mask was not told, what is drawn means nothing.
   */
  public void draw(StepInFlight step, Batch batch) {
    masks.upload(batch.masks());
    step.draw(programs.of(shape(batch))::draw);
  }

  /**
   * A step that decodes is recorded where that saves launches, so there it has one of few shapes.
   * Elsewhere a row of padding costs as much as any other, and there is none.
   */
  private StepShape shape(Batch batch) {
    int tokens = batch.tokens();
    int rows = Math.max(1, batch.logitRows());
    boolean draws = batch.draws() && !batch.isMasked();
    boolean decodes = batch.of(0).decodes();
    if (shard.dividesRows()) {
      return StepShape.of(rankInputs.rows(batch), decodes, draws);
    }
    if (decodes && records()) {
      int padded = Math.min(bucket(tokens), plans.most().logitRows());
      int kept = rows == tokens ? padded : rows;
      return new StepShape(padded, kept, true, draws, batch.mtp());
    }
    return new StepShape(tokens, rows, decodes, draws, batch.mtp());
  }

  /** A recording would hold a wait for other ranks, or for what a router chooses. */
  public boolean records() {
    return device.records() && !isShared() && tally.isEmpty();
  }

  private static int bucket(int tokens) {
    return tokens > BUCKET
        ? Math.ceilDiv(tokens, BUCKET) * BUCKET
        : Integer.highestOneBit(Math.max(1, 2 * tokens - 1));
  }

  /** Bytes of weights that a step of one token reads on rank 0. */
  public long weightBytesPerToken() {
    return programs.of(StepShape.ofOneToken(shard, device.isGpu())).weightBytes();
  }

  /** Waits for every step that is in flight. */
  public void settle() {
    for (StepInFlight step : steps) {
      step.await();
    }
  }

  /** Nanoseconds that steps were on the device, those that were awaited. */
  public long busyNanos() {
    long nanos = 0;
    for (StepInFlight step : steps) {
      nanos += step.busyNanos();
    }
    return nanos;
  }

  @Override
  public void close() {
    programs.close();
  }
}

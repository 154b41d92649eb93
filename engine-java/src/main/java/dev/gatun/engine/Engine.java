// Engine: a loaded model on its device.
package dev.gatun.engine;

import dev.gatun.device.Device;
import dev.gatun.device.HostView;
import dev.gatun.device.Sampling;
import dev.gatun.graph.Crossover;
import dev.gatun.graph.Program;
import dev.gatun.graph.Step;
import dev.gatun.kv.CacheShape;
import dev.gatun.kv.PagePool;
import dev.gatun.kv.PageTable;
import dev.gatun.model.Architectures;
import dev.gatun.model.Model;
import dev.gatun.weights.Checkpoint;
import dev.gatun.weights.ModelConfig;
import dev.gatun.weights.Parameters;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.LongConsumer;

/**
 * Weights, cache and programs, all its own: the checkpoint may be closed once it is loaded.
 * Sessions share it; one thread at a time runs them.
 */
public final class Engine implements AutoCloseable {
  private final Arena arena;
  private final Device device;
  private final ModelConfig config;
  private final EngineOptions options;
  private final int context;
  private final long weightBytes;
  private final long cacheBytes;
  private final PagePool pool;
  private final StepBuilder builder;
  private final Steps steps;
  private final HostView logits;

  private Engine(
      Checkpoint checkpoint,
      EngineOptions options,
      Device device,
      Arena arena,
      LongConsumer progress) {
    this.arena = arena;
    this.device = device;
    this.options = options;
    config = checkpoint.config();
    Parameters parameters = new Parameters(checkpoint, device, arena);
    Model model = Architectures.of(parameters);
    StepPlans plans = StepPlans.of(model, options, crossover(model, options, device));
    Footprint need =
        Footprint.of(checkpoint, parameters, options, plans)
            .withWorkspace(device.queue().workspaceBytes(LoadPlan.limits(config, options)));
    LoadPlan plan = LoadPlan.of(checkpoint, options, need, Room.of(device, options.device()));
    plan.requireFits();
    context = plan.context();
    CacheShape shape =
        CacheShape.of(
            device, config.layers(), config.kvHeads(), config.headDim(), options.cacheTypes());
    weightBytes = parameters.bytes();
    cacheBytes = shape.bytes(context);
    pool = new PagePool(shape, context, device, arena);
    builder = new StepBuilder(options.stepTokens(), shape.pages(context), device, arena);
    logits = device.view("the logits", plans.logitBytes(), arena);
    device.lendWorkspace(LoadPlan.limits(config, options.withContext(context)), arena);
    if (plans.gemmBytes() > 0) {
      device.lendGemm(plans.unpackedBytes(), arena);
    }
    steps = new Steps(model, options, plans, device, pool, arena);
    // Last, since it takes long: what was planned is ours before another process can take it.
    parameters.upload(progress);
    if (device.records()) {
      record();
    }
  }

  /** Loads a checkpoint; Refusal where it is inconsistent, unsupported, or does not fit. */
  public static Engine load(Checkpoint checkpoint, EngineOptions options) {
    return load(checkpoint, options, bytes -> {});
  }

  /**
   * @param progress hears how many bytes of {@link #weightBytes} are on the device
   */
  public static Engine load(Checkpoint checkpoint, EngineOptions options, LongConsumer progress) {
    Device device = Device.open(options.device());
    Arena arena = Arena.ofShared();
    try {
      return new Engine(checkpoint, options, device, arena, progress);
    } catch (RuntimeException | Error e) {
      arena.close();
      device.close();
      throw e;
    }
  }

  /**
   * NVIDIA's library is opened and its kernels are called before memory is planned, since they take
   * some of their own.
   */
  private static Crossover crossover(Model model, EngineOptions options, Device device) {
    if (options.gemm() == Gemm.OWN) {
      return Crossover.never();
    }
    device.openGemm();
    return Kernels.measured(model, options, device);
  }

  /** Runs a step of token 0 on the empty cache, so that no first answer waits for the recording. */
  private void record() {
    try (PageTable pages = new PageTable(pool)) {
      for (int i = 0; i < 2; i++) {
        draw(new int[1], 0, 1, 0, pages, Sampling.greedy(config.vocab())).await();
      }
    } catch (RuntimeException | Error e) {
      steps.close();
      throw e;
    }
  }

  public ModelConfig config() {
    return config;
  }

  public EngineOptions options() {
    return options;
  }

  public Device device() {
    return device;
  }

  /** Tokens that all sessions together can hold. */
  public int context() {
    return context;
  }

  /** Bytes of weights on the device. */
  public long weightBytes() {
    return weightBytes;
  }

  /** Bytes of the cache's pages. */
  public long cacheBytes() {
    return cacheBytes;
  }

  /** Bytes of weights that one generated token reads. */
  public long weightBytesPerToken() {
    return steps.program(builder.shape(1, 1, device.isGpu())).weightBytes();
  }

  /**
   * Nanoseconds that steps were on the device since it was loaded: by its own clock, from a step's
   * first copy to its last. The CPU's sampling is in no step.
   */
  public long busyNanos() {
    return builder.busyNanos();
  }

  public Session newSession() {
    return new Session(this, new PageTable(pool));
  }

  /**
   * Runs one step of one sequence; returns (logitRows, vocab) float32, valid until the next step.
   */
  MemorySegment run(int[] ids, int from, int tokens, int logitRows, int position, PageTable pages) {
    return run(ids, from, tokens, logitRows, position, pages, Program::run);
  }

  /** As {@link #run}, and shows every mark of the graph to {@code observer}. */
  MemorySegment observe(
      int[] ids, int position, PageTable pages, BiConsumer<String, MemorySegment> observer) {
    return run(ids, 0, ids.length, ids.length, position, pages, program -> program.run(observer));
  }

  private MemorySegment run(
      int[] ids,
      int from,
      int tokens,
      int logitRows,
      int position,
      PageTable pages,
      Consumer<Program> run) {
    Step step = builder.shape(tokens, logitRows, false);
    Turn turn = builder.next();
    turn.tokens(ids, from, tokens);
    Program program = prepare(turn, step, position, pages);
    turn.issue(() -> run.accept(program), logits, program.result());
    turn.await();
    return logits.content(program.result());
  }

  private Program prepare(Turn turn, Step step, int position, PageTable pages) {
    pages.resize(position + step.tokens());
    turn.place(step, position, pages);
    return steps.program(step);
  }

  /** Issues one step of one sequence, at whose end the device draws the token that follows. */
  Turn draw(int[] ids, int from, int tokens, int position, PageTable pages, Sampling sampling) {
    Turn turn = builder.next();
    turn.tokens(ids, from, tokens);
    return draw(turn, tokens, position, pages, sampling);
  }

  /** As {@link #draw}, the step's token being the one that the last step issued draws. */
  Turn drawNext(int position, PageTable pages, Sampling sampling) {
    return draw(builder.next(), 1, position, pages, sampling);
  }

  private Turn draw(Turn turn, int tokens, int position, PageTable pages, Sampling sampling) {
    turn.sampling(sampling);
    Program program = prepare(turn, builder.shape(tokens, 1, true), position, pages);
    turn.issueDraw(program::run);
    return turn;
  }

  /** Waits for every step that is under way. */
  void settle() {
    builder.settle();
  }

  @Override
  public void close() {
    steps.close();
    arena.close();
    device.close();
  }
}

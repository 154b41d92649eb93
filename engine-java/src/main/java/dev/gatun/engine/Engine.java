// Engine: a loaded model on its device.
package dev.gatun.engine;

import dev.gatun.device.Device;
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
 * Weights, cache and programs. Sessions share it; one thread at a time runs them. The checkpoint
 * must outlive it.
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
    builder =
        new StepBuilder(
            options.stepTokens(), options.stepTokens(), shape.pages(context), device, arena);
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
    try {
      Program decode = steps.program(builder.shape(1, 1));
      decode.run();
      decode.run();
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
    return steps.program(builder.shape(1, 1)).weightBytes();
  }

  public Session newSession() {
    return new Session(this, new PageTable(pool));
  }

  /**
   * Runs one step of one sequence; returns (logitRows, vocab) float32, valid until the next step.
   */
  MemorySegment run(int[] ids, int from, int tokens, int logitRows, int position, PageTable pages) {
    return prepare(ids, from, tokens, logitRows, position, pages, Program::run);
  }

  /** As {@link #run}, and shows every mark of the graph to {@code observer}. */
  MemorySegment observe(
      int[] ids, int position, PageTable pages, BiConsumer<String, MemorySegment> observer) {
    return prepare(
        ids, 0, ids.length, ids.length, position, pages, program -> program.run(observer));
  }

  private MemorySegment prepare(
      int[] ids,
      int from,
      int tokens,
      int logitRows,
      int position,
      PageTable pages,
      Consumer<Program> run) {
    pages.resize(position + tokens);
    Step step = builder.shape(tokens, logitRows);
    builder.fill(step, ids, from, position, pages);
    Program program = steps.program(step);
    run.accept(program);
    return program.result();
  }

  @Override
  public void close() {
    steps.close();
    arena.close();
    device.close();
  }
}

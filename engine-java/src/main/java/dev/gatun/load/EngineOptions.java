// EngineOptions: how a model is loaded.
package dev.gatun.load;

import dev.gatun.device.DType;
import dev.gatun.device.DeviceChoice;
import dev.gatun.device.Isa;
import dev.gatun.graph.Compute;
import dev.gatun.kv.CacheTypes;
import dev.gatun.refusal.Refusal;
import dev.gatun.step.StepBounds;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * @param device where the model runs, or rank 0 of the devices it is spread over
 * @param context tokens of the cache, of all sequences together, or where devices have sequences of
 *     their own of each device's; {@link #MODELS_OWN} and {@link #WHAT_FITS}, the default, leave
 *     them to the model and the device
 * @param batch most tokens handed to the model at once, at least 1
 * @param ubatch most tokens of one step, at least 1
 * @param compute number format of the linears' inputs
 * @param logitRows most rows of logits of one sequence that a step computes: 1 for generation
 * @param cache number formats of the cache; empty for what {@link #cacheTypesOf} says
 * @param gemm which library multiplies prompts
 * @param batching how several sequences share the steps
 * @param mesh the other devices
 * @param countsExperts whether it is counted how often each expert is chosen
 * @param cacheRam bytes of host memory, of all devices together, for pages of the cache whose own
 *     memory is needed; 0 for none; {@link #AUTO_CACHE_RAM}, the default, leaves it to what is free
 */
public record EngineOptions(
    DeviceChoice device,
    int context,
    int batch,
    int ubatch,
    Compute compute,
    int logitRows,
    Optional<CacheTypes> cache,
    Gemm gemm,
    Batching batching,
    Mesh mesh,
    boolean countsExperts,
    long cacheRam) {

  /** The context that asks for as much as the model was made for, for each sequence. */
  public static final int MODELS_OWN = 0;

  /**
   * The context that asks for {@link #MODELS_OWN}, or the largest that fits where that does not;
   * one of fewer than {@link #LEAST_CONTEXT} tokens is refused.
   */
  public static final int WHAT_FITS = -1;

  /** Fewer tokens than these are taken only where they are asked for, or the model has no more. */
  public static final int LEAST_CONTEXT = 4096;

  /** Up to {@link #USUAL_CACHE_RAM}, as far as it is free; none over several devices. */
  public static final long AUTO_CACHE_RAM = -1;

  /** llama.cpp's default, too. */
  public static final long USUAL_CACHE_RAM = 8L << 30;

  public EngineOptions {
    require(context >= WHAT_FITS, "context (-c)", context, "0 (the model's own), more, or max");
    require(batch >= 1, "batch (-b)", batch, "1 or more");
    require(ubatch >= 1, "ubatch (-ub)", ubatch, "1 or more");
    require(logitRows >= 1, "rows of logits", logitRows, "1 or more");
    if (cacheRam < AUTO_CACHE_RAM) {
      throw Refusal.usage(
          "host memory for the cache (--cache-ram) is " + cacheRam, "give 0 for none, or more");
    }
    if (cacheRam > 0 && !batching.sharesPrefixes()) {
      throw Refusal.usage(
          "host memory for pages (--cache-ram) that no sequence would find again",
          "leave it out, or share prefixes");
    }
    if (batching.sequences() > Math.min(batch, ubatch)) {
      throw Refusal.usage(
          batching.sequences() + " sequences at once (-np) in steps of " + Math.min(batch, ubatch),
          "give fewer, or a larger -ub and -b");
    }
    if (gemm != Gemm.OWN && compute == Compute.F32) {
      throw Refusal.usage(
          "--gemm " + gemm + " multiplies in bfloat16, --compute f32 in float32",
          "keep one of them");
    }
  }

  public static EngineOptions defaults() {
    return new EngineOptions(
        DeviceChoice.cpu(),
        WHAT_FITS,
        2048,
        512,
        Compute.AUTO,
        1,
        Optional.empty(),
        Gemm.OWN,
        Batching.alone(),
        Mesh.none(),
        false,
        AUTO_CACHE_RAM);
  }

  /** The same options on their way to others. */
  private static final class Draft {
    private DeviceChoice device;
    private int context;
    private int batch;
    private int ubatch;
    private Compute compute;
    private int logitRows;
    private Optional<CacheTypes> cache;
    private Gemm gemm;
    private Batching batching;
    private Mesh mesh;
    private boolean countsExperts;
    private long cacheRam;

    Draft(EngineOptions from) {
      device = from.device;
      context = from.context;
      batch = from.batch;
      ubatch = from.ubatch;
      compute = from.compute;
      logitRows = from.logitRows;
      cache = from.cache;
      gemm = from.gemm;
      batching = from.batching;
      mesh = from.mesh;
      countsExperts = from.countsExperts;
      cacheRam = from.cacheRam;
    }

    EngineOptions done() {
      return new EngineOptions(
          device,
          context,
          batch,
          ubatch,
          compute,
          logitRows,
          cache,
          gemm,
          batching,
          mesh,
          countsExperts,
          cacheRam);
    }
  }

  private EngineOptions with(Consumer<Draft> change) {
    Draft draft = new Draft(this);
    change.accept(draft);
    return draft.done();
  }

  public EngineOptions withThreads(int value) {
    return withDevice(device.withThreads(value));
  }

  public EngineOptions withIsa(Isa value) {
    return withDevice(device.withIsa(value));
  }

  public EngineOptions withDevice(DeviceChoice value) {
    return with(to -> to.device = value);
  }

  public EngineOptions withContext(int value) {
    return with(to -> to.context = value);
  }

  public EngineOptions withBatch(int value, int micro) {
    return with(
        to -> {
          to.batch = value;
          to.ubatch = micro;
        });
  }

  public EngineOptions withCompute(Compute value) {
    return with(to -> to.compute = value);
  }

  public EngineOptions withCache(CacheTypes value) {
    return with(to -> to.cache = Optional.of(value));
  }

  public EngineOptions withLogitRows(int value) {
    return with(to -> to.logitRows = value);
  }

  public EngineOptions withGemm(Gemm value) {
    return with(to -> to.gemm = value);
  }

  public EngineOptions withBatching(Batching value) {
    return with(to -> to.batching = value);
  }

  public EngineOptions withMesh(Mesh value) {
    return with(to -> to.mesh = value);
  }

  public EngineOptions withExpertsCounted() {
    return with(to -> to.countsExperts = true);
  }

  public EngineOptions withCacheRam(long bytes) {
    return with(to -> to.cacheRam = bytes);
  }

  /**
   * What each of the devices is asked for of {@link #cacheRam}; 0 where it is left to what fits.
   */
  long cacheRamOfEach() {
    return Math.max(0, cacheRam) / mesh.size();
  }

  /** Of the largest steps. */
  public StepBounds stepBounds() {
    int tokens = stepTokens();
    int rows = Math.max(batching.sequences(), Math.min(tokens, logitRows));
    return new StepBounds(tokens, rows, batching.sequences());
  }

  /** Tokens of the largest step. */
  int stepTokens() {
    return Math.min(batch, ubatch);
  }

  /** The cache's number formats: those asked for, else {@link #cacheTypesOf}. */
  public CacheTypes cacheTypes() {
    return cache.orElse(cacheTypesOf(compute));
  }

  /** The cache holds what is computed: float32 for the reference, float16 otherwise. */
  public static CacheTypes cacheTypesOf(Compute compute) {
    DType type = compute == Compute.F32 ? DType.F32 : DType.F16;
    return new CacheTypes(type, type);
  }

  private static void require(boolean holds, String what, int found, String expected) {
    if (!holds) {
      throw Refusal.usage(what + " is " + found, "give " + expected);
    }
  }
}

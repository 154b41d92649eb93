// GatunOptions: how a model is loaded.
package dev.gatun;

import dev.gatun.hub.CacheFolder;
import dev.gatun.hub.FetchListener;
import dev.gatun.hub.FetchOptions;
import dev.gatun.kv.CacheTypes;
import dev.gatun.load.EngineOptions;
import dev.gatun.refusal.Refusal;
import dev.gatun.weights.Checkpoint;
import dev.gatun.weights.RopeOverride;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;
import java.util.function.LongConsumer;

/**
 * Immutable. Values out of range are refused (USAGE) by the method that is given them, what
 * contradicts the model or the machine by {@link Gatun#open}.
 */
public final class GatunOptions {

  /** The context that takes as many tokens as the device's memory holds. */
  public static final int MAX_CONTEXT = EngineOptions.WHAT_FITS;

  private final EngineOptions engine;
  private final RopeOverride rope;
  private final Optional<String> template;
  private final FetchOptions fetch;
  private final OpenListener listener;

  private GatunOptions(
      EngineOptions engine,
      RopeOverride rope,
      Optional<String> template,
      FetchOptions fetch,
      OpenListener listener) {
    this.engine = engine;
    this.rope = rope;
    this.template = template;
    this.fetch = fetch;
    this.listener = listener;
  }

  /**
   * The CPU with all its processors, the model's own context or the most that fits, one answer at a
   * time; files are kept as the environment says ({@code GATUN_CACHE}, {@code HF_ENDPOINT}, {@code
   * HF_TOKEN}).
   */
  public static GatunOptions defaults() {
    return new GatunOptions(
        EngineOptions.defaults(),
        RopeOverride.NOTHING,
        Optional.empty(),
        FetchOptions.fromEnvironment(System.getenv(), FetchListener.none()),
        new OpenListener() {});
  }

  /**
   * @param name cpu, cuda or cuda:N
   */
  public GatunOptions withDevice(String name) {
    return with(engine.withDevice(engine.device().named(name)));
  }

  /**
   * @param count threads of the CPU, 1 to 1024
   */
  public GatunOptions withThreads(int count) {
    return with(engine.withThreads(count));
  }

  /**
   * @param tokens that all conversations together can hold, 1 or more; 0 takes the model's own for
   *     each of {@link #withParallel}; {@link #MAX_CONTEXT}, the default, that or the most that
   *     fits
   */
  public GatunOptions withContext(int tokens) {
    return with(engine.withContext(tokens));
  }

  /**
   * @param answers most that run in the same steps, 1 or more: together they read the weights once
   *     a token
   */
  public GatunOptions withParallel(int answers) {
    return with(engine.withBatching(engine.batching().withSequences(answers)));
  }

  /**
   * @param tokens most tokens of a text that a step scores for {@link Gatun#score} and {@link
   *     Gatun#completeScored}, 1 or more; each takes memory for a row of logits. 1 is the default,
   *     64 reads a text many times faster.
   */
  public GatunOptions withScoredTokens(int tokens) {
    return with(engine.withLogitRows(tokens));
  }

  /**
   * @param type number format of the cache: f32, f16, bf16, f8, q8_0, q4_0, turbo4 or turbo3, or
   *     two with a comma between, of keys and of values
   */
  public GatunOptions withCacheType(String type) {
    return with(engine.withCache(CacheTypes.parse(type)));
  }

  /** Scales positions by YaRN, for 4 times the tokens of the model's training. */
  public GatunOptions withYarn() {
    RopeOverride yarn =
        new RopeOverride(Optional.of(RopeOverride.Kind.YARN), Optional.empty(), Optional.empty());
    return new GatunOptions(engine, yarn, template, fetch, listener);
  }

  /**
   * @param jinja to use in place of the model's own chat template
   */
  public GatunOptions withChatTemplate(String jinja) {
    return new GatunOptions(engine, rope, Optional.of(jinja), fetch, listener);
  }

  /** Whether to use what is in the cache folder and never ask the network. */
  public GatunOptions withOffline(boolean value) {
    return new GatunOptions(engine, rope, template, fetch.withOffline(value), listener);
  }

  /**
   * @param folder where fetched models are kept, in place of {@code GATUN_CACHE}
   */
  public GatunOptions withCacheFolder(Path folder) {
    FetchOptions there = fetch.withCache(new CacheFolder(folder.toAbsolutePath()));
    return new GatunOptions(engine, rope, template, there, listener);
  }

  public GatunOptions withListener(OpenListener value) {
    return new GatunOptions(
        engine, rope, template, fetch, Objects.requireNonNull(value, "listener"));
  }

  private GatunOptions with(EngineOptions value) {
    return new GatunOptions(value, rope, template, fetch, listener);
  }

  EngineOptions loading() {
    return engine;
  }

  LongConsumer loadProgress() {
    return listener::loaded;
  }

  FetchOptions fetching() {
    return fetch.withListener(heardBy(listener));
  }

  Optional<String> template(Checkpoint checkpoint) {
    return template.or(checkpoint::chatTemplate);
  }

  /** The checkpoint with its scaling; closed on a refusal. */
  Checkpoint open(Path model) {
    Checkpoint checkpoint = Checkpoint.open(model);
    try {
      return rope.apply(checkpoint);
    } catch (Refusal refusal) {
      checkpoint.close();
      throw refusal;
    }
  }

  private static FetchListener heardBy(OpenListener listener) {
    return new FetchListener() {
      @Override
      public void tell(String line) {
        listener.told(line);
      }

      @Override
      public Progress begin(String label, long total) {
        listener.fetched(label, 0, total);
        return new Progress() {
          @Override
          public void to(long done) {
            listener.fetched(label, done, total);
          }

          @Override
          public void close() {}
        };
      }
    };
  }
}

// Metrics: what the server counts, for Prometheus, under vLLM's and llama.cpp's names.
package dev.gatun.server;

import dev.gatun.Gatun;
import dev.gatun.chat.Answer;
import dev.gatun.chat.FinishReason;
import dev.gatun.chat.ThinkingEnd;
import dev.gatun.chat.Usage;
import dev.gatun.engine.Engine;
import dev.gatun.kv.CacheCounts;
import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.CounterWithCallback;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.core.metrics.Histogram;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.function.DoubleSupplier;
import java.util.function.ToDoubleFunction;

/**
 * What dashboards made for those servers show, they show of this one. Names that neither has begin
 * with {@code gatun:}. For any threads.
 */
final class Metrics {
  private static final double[] SECONDS = {
    0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40, 80, 160, 640, 2560
  };
  private static final double[] SECONDS_OF_A_TOKEN = {
    0.001, 0.0025, 0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 1, 2.5, 5, 10
  };

  private final PrometheusRegistry registry = new PrometheusRegistry();
  private final Histogram firstToken =
      histogram("vllm:time_to_first_token_seconds", "From a request to its first token.", SECONDS);
  private final Histogram betweenTokens =
      histogram(
          "vllm:inter_token_latency_seconds",
          "Between two pieces of an answer, mostly of a token.",
          SECONDS_OF_A_TOKEN);
  private final Histogram whole =
      histogram("vllm:e2e_request_latency_seconds", "Of requests with an answer.", SECONDS);
  private final Histogram generation =
      histogram(
          "vllm:request_decode_time_seconds", "From the first token to the last one.", SECONDS);
  private final Counter prompt = counter("vllm:prompt_tokens", "Tokens of prompts.");
  private final Counter cached =
      counter("vllm:prompt_tokens_cached", "Tokens of prompts that the cache had.");
  private final Counter generated = counter("vllm:generation_tokens", "Tokens that were drawn.");
  private final Counter queried =
      counter("vllm:prefix_cache_queries", "Tokens of prompts looked for in the cache.");
  private final Counter hits = counter("vllm:prefix_cache_hits", "Those that it had.");
  private final Counter finished =
      counter("vllm:request_success", "Answers, by why they ended.", "finished_reason");
  private final Counter tokens =
      counter("gatun:tokens", "Tokens: prompt (read), cached, thinking, answer.", "kind");
  private final Counter thinkingEnds =
      counter("gatun:thinking_ends", "What ended thinking: model, budget, loop.", "by");
  private final Counter requests =
      counter("gatun:requests", "Requests, by their answers' status.", "status");
  private final Counter read = counter("llamacpp:prompt_tokens", "Tokens of prompts, read.");
  private final Counter readSeconds =
      counter("llamacpp:prompt_seconds", "From requests to their first tokens.");
  private final Counter drawn = counter("llamacpp:tokens_predicted", "Tokens that were drawn.");
  private final Counter drawnSeconds =
      counter("llamacpp:tokens_predicted_seconds", "From first tokens to the last ones.");

  Metrics(ServedModel served, Admission admission, Connections connections, LogWriter log) {
    DoubleSupplier running = engine(served, engine -> engine.taskCounts().running());
    DoubleSupplier waiting = engine(served, engine -> engine.taskCounts().waiting());
    gauge("vllm:num_requests_running", "Answers in the engine's steps.", running);
    gauge("vllm:num_requests_waiting", "Answers that wait for their turn.", waiting);
    gauge("llamacpp:requests_processing", "Answers in the engine's steps.", running);
    gauge("llamacpp:requests_deferred", "Answers that wait for their turn.", waiting);
    gauge(
        "llamacpp:prompt_tokens_seconds",
        "Tokens of prompts a second, on average.",
        () -> quotient(read, readSeconds));
    gauge(
        "llamacpp:predicted_tokens_seconds",
        "Tokens drawn a second of an answer, on average.",
        () -> quotient(drawn, drawnSeconds));
    gauge("gatun:answers_admitted", "Answers that run or wait.", admission::count);
    gauge(
        "vllm:kv_cache_usage_perc",
        "Share of the cache's pages that sequences hold, 0 to 1.",
        engine(served, Metrics::heldShare));
    gauge(
        "gatun:host_memory_pages",
        "Pages of the cache in host memory (--cache-ram).",
        engine(served, engine -> engine.cacheCounts().hostPages()));
    gauge("gatun:connections", "Connections that are open.", connections::count);
    gauge(
        "gatun:model_loaded",
        "1 once requests are answered.",
        () -> served.loaded().isPresent() ? 1 : 0);
    CounterWithCallback.builder()
        .name("gatun:log_lines_dropped")
        .help("Lines of the log that its reader was too slow for.")
        .callback(callback -> callback.call(log.dropped()))
        .register(registry);
  }

  MetricSnapshots snapshots() {
    return registry.scrape();
  }

  /** A piece of an answer came so long after the one before. */
  void piece(long nanos) {
    betweenTokens.observe(nanos / 1e9);
  }

  /**
   * A request is over.
   *
   * @param answers that it got, cancelled ones too; none where it was refused or asked for none
   */
  void ended(int status, List<Answer> answers, long nanos) {
    requests.labelValues(Integer.toString(status)).inc();
    if (answers.isEmpty()) {
      return;
    }
    readPrompt(answers.getFirst().usage());
    answers.forEach(this::add);
    whole.observe(nanos / 1e9);
  }

  // The answers of a request share its prompt.
  private void readPrompt(Usage usage) {
    if (usage.generatedTokens() > 0) {
      firstToken.observe(seconds(usage.promptTime()));
    }
    prompt.inc(usage.promptTokens());
    queried.inc(usage.promptTokens());
    cached.inc(usage.cachedTokens());
    hits.inc(usage.cachedTokens());
    int own = usage.promptTokens() - usage.cachedTokens();
    read.inc(own);
    readSeconds.inc(seconds(usage.promptTime()));
    tokens.labelValues("prompt").inc(own);
    tokens.labelValues("cached").inc(usage.cachedTokens());
  }

  private void add(Answer answer) {
    Usage usage = answer.usage();
    generation.observe(seconds(usage.generationTime()));
    generated.inc(usage.generatedTokens());
    drawn.inc(usage.generatedTokens());
    drawnSeconds.inc(seconds(usage.generationTime()));
    tokens.labelValues("thinking").inc(usage.thinkingTokens());
    tokens.labelValues("answer").inc(usage.answerTokens());
    finished.labelValues(reason(answer.finish())).inc();
    if (answer.thinkingEnd() != ThinkingEnd.NONE) {
      thinkingEnds.labelValues(answer.thinkingEnd().name().toLowerCase(Locale.ROOT)).inc();
    }
  }

  /** In vLLM's words. */
  private static String reason(FinishReason finish) {
    return switch (finish) {
      case END_OF_TEXT, STOP_STRING, TOOL_CALLS -> "stop";
      case LIMIT, CONTEXT_FULL -> "length";
      case CANCELLED -> "abort";
    };
  }

  /** What the engine says, 0 before it is loaded. */
  private static DoubleSupplier engine(ServedModel served, ToDoubleFunction<Engine> value) {
    return () -> served.loaded().map(Gatun::engine).map(value::applyAsDouble).orElse(0.0);
  }

  private static double heldShare(Engine engine) {
    CacheCounts counts = engine.cacheCounts();
    return (double) counts.heldPages() / counts.pages();
  }

  private static double seconds(Duration time) {
    return time.toNanos() / 1e9;
  }

  private static double quotient(Counter count, Counter seconds) {
    return seconds.get() == 0 ? 0 : count.get() / seconds.get();
  }

  private Counter counter(String name, String help, String... labels) {
    Counter.Builder counter = Counter.builder().name(name).help(help).labelNames(labels);
    counter.withoutExemplars();
    return counter.register(registry);
  }

  private Histogram histogram(String name, String help, double[] bounds) {
    Histogram.Builder histogram =
        Histogram.builder().name(name).help(help).classicOnly().classicUpperBounds(bounds);
    histogram.withoutExemplars();
    return histogram.register(registry);
  }

  private void gauge(String name, String help, DoubleSupplier value) {
    GaugeWithCallback.builder()
        .name(name)
        .help(help)
        .callback(callback -> callback.call(value.getAsDouble()))
        .register(registry);
  }
}

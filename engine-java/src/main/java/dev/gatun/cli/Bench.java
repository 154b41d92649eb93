// Bench: measures prompt and generation speed as llama-bench does, and sets it against the
// machine's bandwidth.
package dev.gatun.cli;

import dev.gatun.device.CudaDevices;
import dev.gatun.device.Device;
import dev.gatun.device.DeviceChoice;
import dev.gatun.device.GpuState;
import dev.gatun.engine.Engine;
import dev.gatun.load.EngineOptions;
import dev.gatun.engine.Generation;
import dev.gatun.engine.Session;
import dev.gatun.refusal.Refusal;
import dev.gatun.sample.Sampler;
import dev.gatun.sample.SamplingOptions;
import dev.gatun.weights.Checkpoint;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "bench",
    sortOptions = false,
    abbreviateSynopsis = true,
    description = {
      "Measure tokens a second with llama-bench's tests, columns and names. Tokens are drawn as run"
          + " draws them without options; tokenising is not timed. The last columns: bytes read a"
          + " token, their share of the memory bandwidth measured in the same run, peak memory, and"
          + " the host gap: the share of the time in which no step was on the device, 1 - (sum over"
          + " the steps of the time from a step's first copy to its last, by the device's clock) /"
          + " (time of the test); of a GPU its clock before and after and what slowed it.",
      ""
    })
final class Bench implements Callable<Integer> {
  private static final long SEED = 42;

  /** Larger than any cache, so that it is memory that is measured. */
  private static final long BANDWIDTH_BYTES = 512L << 20;

  private static final int BANDWIDTH_REPEATS = 5;

  @Mixin SyntheticArgument model;

  @Option(
      names = {"-p", "--n-prompt"},
      split = ",",
      paramLabel = "N",
      description = "Prompt lengths (512); 0 for no such test.")
  List<Integer> prompts = List.of(512);

  @Option(
      names = {"-n", "--n-gen"},
      split = ",",
      paramLabel = "N",
      description = "Tokens to generate (128); 0 for no such test.")
  List<Integer> generations = List.of(128);

  @Option(
      names = {"-r", "--repetitions"},
      paramLabel = "N",
      description = "Repetitions of each test (5).")
  Optional<Integer> repetitions = Optional.empty();

  @Option(
      names = {"-t", "--threads"},
      split = ",",
      paramLabel = "N",
      description = "Numbers of threads; by default one a core.")
  List<Integer> threads = List.of();

  @Option(
      names = {"-o", "--output"},
      paramLabel = "md|json|jsonl|csv",
      description = "Format of the results (md).")
  Optional<BenchFormat> format = Optional.empty();

  @Option(names = "--no-warmup", description = "Do not run each test once before it counts.")
  boolean noWarmup;

  @Mixin EngineArguments engine;
  @Mixin StandardOptions standard;

  private final Stdio stdio;
  private final Random random = new Random(SEED);

  Bench(Stdio stdio) {
    this.stdio = stdio;
  }

  @Override
  public Integer call() {
    List<BenchTest> tests = tests();
    int repeats = repetitions.orElse(5);
    if (repeats < 1) {
      throw Refusal.usage("-r " + repeats, "repeat each test once or more");
    }
    BenchReport report = new BenchReport(stdio.out(), format.orElse(BenchFormat.MD));
    int longest = tests.stream().mapToInt(BenchTest::tokens).max().orElseThrow();
    SyntheticArgument.Opened opened = model.open(stdio);
    try (Checkpoint checkpoint = engine.scaled(opened.checkpoint(), stdio)) {
      BenchModel subject = new BenchModel(opened.name(), checkpoint);
      List<BenchRun> runs = new ArrayList<>();
      for (EngineOptions options : variants(longest)) {
        try (Engine loaded = Engine.load(checkpoint, options)) {
          engine.tellContext(loaded, stdio);
          tellUnmeasured(loaded);
          tests.forEach(test -> runs.add(run(loaded, test, repeats)));
        }
      }
      // After all runs, since the buffer would count as their peak memory.
      Map<DeviceChoice, Double> bandwidths = new HashMap<>();
      for (BenchRun run : runs) {
        double bandwidth = bandwidths.computeIfAbsent(run.options().device(), Bench::bandwidth);
        report.add(new BenchResult(subject, run, bandwidth));
      }
    }
    report.finish();
    return 0;
  }

  private void tellUnmeasured(Engine loaded) {
    if (loaded.options().device().kind() == DeviceChoice.Kind.CUDA
        && loaded.device().state().isEmpty()) {
      stdio
          .err()
          .println(
              "clocks and what slows them are not known: "
                  + CudaDevices.unmeasured().orElse("the driver does not measure this GPU"));
    }
  }

  private List<BenchTest> tests() {
    List<BenchTest> tests = new ArrayList<>();
    prompts.stream()
        .filter(count -> count != 0)
        .forEach(count -> tests.add(new BenchTest(count, 0)));
    generations.stream()
        .filter(count -> count != 0)
        .forEach(count -> tests.add(new BenchTest(0, count)));
    if (tests.isEmpty()) {
      throw Refusal.usage("-p 0 and -n 0 leave nothing to measure", "give one of them a length");
    }
    return tests;
  }

  private List<EngineOptions> variants(int longest) {
    EngineOptions options = engine.options(threads.stream().findFirst());
    EngineOptions fitting = options.context() == 0 ? options.withContext(longest) : options;
    return threads.isEmpty()
        ? List.of(fitting)
        : threads.stream().map(fitting::withThreads).toList();
  }

  private BenchRun run(Engine loaded, BenchTest test, int repeats) {
    if (standard.verbose) {
      stdio.err().println(test.name() + ", " + loaded.device().name());
    }
    if (!noWarmup) {
      measure(loaded, test);
    }
    String time = Instant.now().truncatedTo(ChronoUnit.SECONDS).toString();
    long[] samples = new long[repeats];
    long busy = loaded.busyNanos();
    List<GpuState.Pace> readings = new ArrayList<>();
    loaded.device().state().map(GpuState::pace).ifPresent(readings::add);
    for (int i = 0; i < repeats; i++) {
      samples[i] = measure(loaded, test);
      loaded.device().state().map(GpuState::pace).ifPresent(readings::add);
    }
    busy = loaded.busyNanos() - busy;
    long peak = Machine.peakMemory().orElse(0);
    return new BenchRun(
        test,
        loaded.options(),
        loaded.device().name(),
        time,
        samples,
        busy,
        BenchModel.bytesRead(loaded, test),
        peak,
        new GpuPace(readings));
  }

  /**
   * Nanoseconds of one answer. A prompt's step draws a token and a generated token's step runs the
   * one before it, so {@code tg128} is a prompt of one token and 128 draws: 128 steps.
   */
  private long measure(Engine loaded, BenchTest test) {
    int vocab = loaded.config().vocab();
    int[] prompt = random.ints(Math.max(1, test.prompt()), 0, vocab).toArray();
    Sampler sampler = new Sampler(SamplingOptions.defaults().withSeed(SEED));
    Generation.Limits limits =
        new Generation.Limits(vocab, Set.of(), Math.max(1, test.generated()));
    try (Session session = loaded.newSession()) {
      long start = System.nanoTime();
      Generation.run(session, prompt, sampler, limits, token -> {}, () -> false);
      return System.nanoTime() - start;
    }
  }

  private static double bandwidth(DeviceChoice choice) {
    try (Device device = Device.open(choice)) {
      return device.measureRead(
          Math.min(BANDWIDTH_BYTES, device.memory().free() / 4), BANDWIDTH_REPEATS);
    }
  }
}

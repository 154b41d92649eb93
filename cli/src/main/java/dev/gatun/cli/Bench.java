// Bench: measures prompt and generation speed as llama-bench does, and sets it against what the
// device can do at most.
package dev.gatun.cli;

import dev.gatun.device.CudaDevices;
import dev.gatun.device.Device;
import dev.gatun.device.DeviceChoice;
import dev.gatun.device.GpuState;
import dev.gatun.engine.Engine;
import dev.gatun.engine.MeshCounts;
import dev.gatun.load.Batching;
import dev.gatun.load.EngineOptions;
import dev.gatun.refusal.Refusal;
import dev.gatun.weights.Checkpoint;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
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
          + " token; the share of what the device can do at most, measured in the same run: for a"
          + " prompt of its int8 operations, else of its memory bandwidth; peak memory; and the"
          + " host gap: the share of the time in which no step was on the device, 1 - (sum over"
          + " the steps of the time from a step's first copy to its last, by the device's clock) /"
          + " (time of the test); of a GPU its clock before and after and what slowed it.",
      ""
    })
final class Bench implements Callable<Integer> {
  /** Larger than any cache, so that it is memory that is measured. */
  private static final long BANDWIDTH_BYTES = 512L << 20;

  private static final int BANDWIDTH_REPEATS = 5;

  @Mixin SyntheticArgument model;

  @Mixin BenchCases cases;

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

  @Mixin ExpertCountsArgument experts;
  @Mixin EngineArguments engine;
  @Mixin StandardOptions standard;

  private final Stdio stdio;

  Bench(Stdio stdio) {
    this.stdio = stdio;
  }

  @Override
  public Integer call() {
    List<BenchCase> tests = cases.all();
    int repeats = repetitions.orElse(5);
    if (repeats < 1) {
      throw Refusal.usage("-r " + repeats, "repeat each test once or more");
    }
    boolean severalAtOnce = tests.stream().anyMatch(test -> test.parallel() > 1);
    BenchReport report = new BenchReport(stdio.out(), format.orElse(BenchFormat.MD), severalAtOnce);
    SyntheticArgument.Opened opened = model.open(stdio);
    try (Checkpoint checkpoint = engine.scaled(opened.checkpoint(), stdio)) {
      BenchModel subject = new BenchModel(opened.name(), checkpoint);
      List<BenchRun> runs = new ArrayList<>();
      for (EngineOptions options : variants(tests)) {
        if (engine.follows(options)) {
          engine.follow(checkpoint, options, stdio);
          continue;
        }
        stdio.processes().agree(checkpoint, options);
        MeshArguments.told(options.mesh(), checkpoint.config()).ifPresent(stdio::tell);
        try (Engine loaded = Engine.load(checkpoint, options)) {
          engine.tellLoaded(loaded, stdio);
          tellUnmeasured(loaded);
          tests.forEach(test -> runs.add(run(loaded, test, repeats)));
          experts.add(loaded);
        }
      }
      // After all runs, since the buffer would count as their peak memory.
      Map<DeviceChoice, BenchResult.Limits> limits = new HashMap<>();
      for (BenchRun run : runs) {
        BenchResult.Limits all =
            BenchMesh.machine(run.options()).stream()
                .map(device -> limits.computeIfAbsent(device, Bench::limits))
                .reduce(BenchResult.Limits::plus)
                .orElseThrow();
        report.add(new BenchResult(subject, run, all));
      }
    }
    report.finish();
    experts.write();
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

  /** An engine for every number of threads, that has room for every test. */
  private List<EngineOptions> variants(List<BenchCase> tests) {
    int most = tests.stream().mapToInt(BenchCase::parallel).max().orElseThrow();
    int tokens = tests.stream().mapToInt(BenchMeasure::cacheTokens).max().orElseThrow();
    // Tests of the same tokens would else find those of the test before.
    Batching batching = Batching.alone().withSequences(most).withSharedPrefixes(false);
    EngineOptions options =
        experts.applied(engine.options(threads.stream().findFirst(), stdio)).withBatching(batching);
    if (options.context() > 0 && options.context() < tokens) {
      throw Refusal.usage(
          "a cache of " + options.context() + " tokens (-c), the tests take " + tokens,
          "give -c " + tokens + ", or leave it out");
    }
    EngineOptions fitting = engine.context.isEmpty() ? options.withContext(tokens) : options;
    if (threads.size() > 1 && fitting.mesh().size() > 1) {
      throw Refusal.usage(
          "-t with several numbers, and --devices, which share the threads",
          "bench one number after the other");
    }
    return threads.size() < 2
        ? List.of(fitting)
        : threads.stream().map(fitting::withThreads).toList();
  }

  private BenchRun run(Engine loaded, BenchCase test, int repeats) {
    if (standard.verbose) {
      stdio.err().println(test.name() + ", " + loaded.device().name());
    }
    BenchMeasure measure = new BenchMeasure(loaded);
    if (!noWarmup) {
      measure.nanos(test);
    }
    String time = Instant.now().truncatedTo(ChronoUnit.SECONDS).toString();
    long[] samples = new long[repeats];
    long busy = loaded.busyNanos();
    MeshCounts counts = measure.counts();
    List<GpuState.Pace> readings = new ArrayList<>();
    loaded.device().state().map(GpuState::pace).ifPresent(readings::add);
    for (int i = 0; i < repeats; i++) {
      samples[i] = measure.nanos(test);
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
        new GpuPace(readings),
        BenchMesh.of(loaded, measure.counts().minus(counts), (long) repeats * test.tokens()));
  }

  private static BenchResult.Limits limits(DeviceChoice choice) {
    try (Device device = Device.open(choice)) {
      long bytes = Math.min(BANDWIDTH_BYTES, device.memory().free() / 4);
      return new BenchResult.Limits(
          device.measureRead(bytes, BANDWIDTH_REPEATS), device.measureInt8());
    }
  }
}

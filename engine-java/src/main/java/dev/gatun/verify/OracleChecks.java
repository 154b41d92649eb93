// OracleChecks: everything one oracle can tell of a device.
package dev.gatun.verify;

import dev.gatun.chat.Cancellation;
import dev.gatun.device.Device;
import dev.gatun.device.DeviceChoice;
import dev.gatun.engine.Engine;
import dev.gatun.engine.Generation;
import dev.gatun.engine.Session;
import dev.gatun.graph.Compute;
import dev.gatun.load.EngineOptions;
import dev.gatun.load.Gemm;
import dev.gatun.refusal.Refusal;
import dev.gatun.sample.Sampler;
import dev.gatun.sample.SamplingOptions;
import dev.gatun.weights.Checkpoint;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;

/** The engine against the oracle's numbers, and against itself where it must repeat every bit. */
final class OracleChecks {
  /** A perturbation of the weights of 3e-7 moves the oracles' logits by about 2e-5. */
  private static final double LOGITS = 2e-4;

  /** Mean KL divergence a token, computed in float32. */
  private static final double KL_F32 = 1e-6;

  /** Other engines' default compute is at 1e-4 to 1e-3 on these models. */
  private static final double KL_INT8 = 1e-3;

  /** Rounding to bfloat16; 5e-5 at most on these models. */
  private static final double KL_CUBLAS = 1e-4;

  private static final int[] CHUNKS = {1, 7, 33};
  private static final int WHOLE = 512;
  private static final int CUBLAS = 128; // its shapes are measured at load
  private static final int DECODED = 32;
  private static final SamplingOptions GREEDY = SamplingOptions.defaults().withTemperature(0);
  private static final SamplingOptions LIVELY =
      SamplingOptions.defaults().withTemperature(2).withSeed(1);

  private final String name;
  private final Oracle oracle;
  private final DeviceChoice device;
  private final int repeats;
  private final Consumer<Finding> report;
  private long allocations;

  /** Of the engine that was loaded last. */
  private Compute inUse = Compute.AUTO;

  OracleChecks(
      String name, Oracle oracle, DeviceChoice device, int repeats, Consumer<Finding> report) {
    this.name = name;
    this.oracle = oracle;
    this.device = device;
    this.repeats = repeats;
    this.report = report;
  }

  void run() {
    check("logits and chunks, f32", () -> prompt(Compute.F32));
    check("greedy tokens, f32", this::greedy);
    check("logits and chunks, default", () -> prompt(Compute.AUTO));
    if (Device.hasGemm(device) && inUse != Compute.INT16) {
      check("logits, cuBLAS", this::cublas);
    }
    check("graphs", this::graphs);
    check("draws", this::draws);
    check("repeats", this::repeats);
    report.accept(Finding.none(named("allocations"), allocations, "after load"));
  }

  /** A refusal fails the check at hand and not those after it. */
  private void check(String what, Runnable check) {
    try {
      check.run();
    } catch (Refusal refusal) {
      report.accept(Finding.failed(named(what), refusal));
    }
  }

  private void prompt(Compute compute) {
    float[] expected = oracle.floats("logits");
    float[] whole = logits(compute, WHOLE);
    if (expected.length != whole.length) {
      throw Refusal.model(
          whole.length + " logits, expected " + expected.length, "compare with the right oracle");
    }
    double kl = divergence(expected, whole);
    if (compute == Compute.F32) {
      double largest = Differences.largest(expected, whole);
      report.accept(Finding.atMost(named("logits, f32"), largest, LOGITS));
      report.accept(Finding.atMost(named("KL divergence, f32"), kl, KL_F32));
    } else {
      report.accept(Finding.atMost(named("KL divergence, default"), kl, KL_INT8));
    }
    long differing = 0;
    for (int chunk : CHUNKS) {
      differing += Differences.count(whole, logits(compute, chunk));
    }
    String what =
        "prompt in chunks of 1, 7, 33, " + (compute == Compute.AUTO ? "default" : compute);
    report.accept(Finding.none(named(what), differing, "logits differ"));
  }

  private void cublas() {
    EngineOptions options =
        options(Compute.AUTO).withGemm(Gemm.CUBLAS).withLogitRows(CUBLAS).withBatch(CUBLAS, CUBLAS);
    double kl = divergence(oracle.floats("logits"), logits(options));
    report.accept(Finding.atMost(named("KL divergence, cuBLAS"), kl, KL_CUBLAS));
  }

  private void greedy() {
    int[] expected = oracle.greedy();
    if (expected.length == 0) {
      return;
    }
    int[] actual = decode(options(Compute.F32), expected.length, new Sampler(GREEDY)).tokens;
    report.accept(
        Finding.none(
            named("greedy tokens, f32"),
            Differences.count(expected, actual),
            "of " + expected.length + " differ"));
  }

  private void graphs() {
    if (device.kind() == DeviceChoice.Kind.CPU) {
      return; // which records nothing
    }
    EngineOptions options = options(Compute.AUTO);
    Decoded plain =
        decode(options.withDevice(device.withGraphs(false)), DECODED, new Sampler(GREEDY));
    Decoded recorded =
        decode(options.withDevice(device.withGraphs(true)), DECODED, new Sampler(GREEDY));
    report.accept(
        Finding.none(
            named("recorded against plain decoding"),
            Differences.count(plain.logits, recorded.logits),
            "logits of " + DECODED + " tokens differ"));
  }

  /** An answer as it is drawn on the device, each step issued before its token is known. */
  private void draws() {
    if (device.kind() == DeviceChoice.Kind.CPU) {
      return; // where the host draws
    }
    int vocab = oracle.floats("logits").length / oracle.inputIds().length;
    draws("draws", () -> new Sampler(LIVELY));
    draws("masked draws", () -> new Sampler(LIVELY, Optional.of(new TurnMask(vocab))));
  }

  private void draws(String what, Supplier<Sampler> sampler) {
    int[] expected = decode(options(Compute.AUTO), DECODED, sampler.get()).tokens;
    int[] drawn = withSession(options(Compute.AUTO), session -> answer(session, sampler.get()));
    report.accept(
        Finding.none(
            named(what + " on device against host"),
            Differences.count(expected, drawn),
            "of " + DECODED + " tokens differ"));
  }

  private int[] answer(Session session, Sampler sampler) {
    int vocab = session.engine().config().vocab();
    Generation.Limits limits = new Generation.Limits(vocab, Set.of(), DECODED);
    return Generation.run(
            session, oracle.inputIds(), sampler, limits, token -> true, Cancellation.never())
        .tokens();
  }

  private void repeats() {
    int[] prompt = oracle.inputIds();
    int last = prompt.length - 1;
    long differing =
        withSession(
            options(Compute.AUTO),
            session -> {
              float[] first = floats(session.append(prompt));
              long count = 0;
              for (int i = 0; i < repeats; i++) {
                session.truncate(last);
                count += Differences.count(first, floats(session.append(prompt[last])));
              }
              return count;
            });
    report.accept(Finding.none(named(repeats + " repeats of a token"), differing, "logits differ"));
  }

  /** All logits of the prompt, (tokens, vocab). */
  private float[] logits(Compute compute, int chunk) {
    return logits(options(compute).withLogitRows(WHOLE).withBatch(chunk, chunk));
  }

  private float[] logits(EngineOptions options) {
    List<float[]> rows = new ArrayList<>();
    return withSession(
        options,
        session -> {
          session.logits(oracle.inputIds(), data -> rows.add(floats(data)));
          return joined(rows);
        });
  }

  private record Decoded(int[] tokens, float[] logits) {}

  /** Tokens drawn on the host after the prompt, with the logits that each was drawn from. */
  private Decoded decode(EngineOptions options, int count, Sampler sampler) {
    int[] tokens = new int[count];
    List<float[]> rows = new ArrayList<>();
    return withSession(
        options,
        session -> {
          float[] next = floats(session.append(oracle.inputIds()));
          Arrays.stream(oracle.inputIds()).forEach(sampler::accept);
          for (int i = 0; i < count; i++) {
            rows.add(next);
            tokens[i] = sampler.sample(MemorySegment.ofArray(next), next.length);
            sampler.advance(tokens[i]);
            next = floats(session.append(tokens[i]));
          }
          return new Decoded(tokens, joined(rows));
        });
  }

  private <T> T withSession(EngineOptions options, Function<Session, T> work) {
    try (Checkpoint checkpoint = Checkpoint.open(oracle.checkpoint());
        Engine engine = Engine.load(checkpoint, options);
        Session session = engine.newSession()) {
      inUse = engine.compute();
      long loaded = engine.device().allocations();
      T result = work.apply(session);
      allocations += engine.device().allocations() - loaded;
      return result;
    }
  }

  private EngineOptions options(Compute compute) {
    return EngineOptions.defaults().withDevice(device).withCompute(compute);
  }

  private String named(String what) {
    return name + ": " + what;
  }

  private double divergence(float[] expected, float[] actual) {
    int tokens = oracle.inputIds().length;
    int vocab = expected.length / tokens;
    Divergence divergence = new Divergence();
    for (int from = 0; from < expected.length; from += vocab) {
      divergence.add(row(expected, from, vocab), row(actual, from, vocab), -1);
    }
    return divergence.kl();
  }

  private static float[] row(float[] all, int from, int count) {
    return Arrays.copyOfRange(all, from, from + count);
  }

  private static float[] joined(List<float[]> rows) {
    float[] all = new float[rows.stream().mapToInt(row -> row.length).sum()];
    int at = 0;
    for (float[] row : rows) {
      System.arraycopy(row, 0, all, at, row.length);
      at += row.length;
    }
    return all;
  }

  static float[] floats(MemorySegment segment) {
    return segment.toArray(ValueLayout.JAVA_FLOAT);
  }
}

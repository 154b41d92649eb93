// SampleTest: gk_sample draws what Sampler draws.
package dev.gatun.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.bindings.Kernels;
import dev.gatun.refusal.Refusal;
import dev.gatun.sample.ChangingMask;
import dev.gatun.sample.Sampler;
import dev.gatun.sample.SamplerType;
import dev.gatun.sample.SamplingOptions;
import dev.gatun.sample.TokenMask;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class SampleTest {
  private static final Map<SamplerType, Sampling.Stage> STAGES =
      Map.of(
          SamplerType.TOP_K, Sampling.Stage.TOP_K,
          SamplerType.TOP_P, Sampling.Stage.TOP_P,
          SamplerType.MIN_P, Sampling.Stage.MIN_P,
          SamplerType.TEMPERATURE, Sampling.Stage.TEMPERATURE);
  private static final Arena ARENA = Arena.ofShared();
  private static MemorySegment queue;

  @BeforeAll
  static void openQueue() {
    Library.require();
    MemorySegment out = ARENA.allocate(ValueLayout.ADDRESS);
    Library.check(Kernels.gk_queue_cpu(1, Kernels.GK_ISA_BEST(), out), "gk_queue_cpu");
    queue = out.get(ValueLayout.ADDRESS, 0);
  }

  @AfterAll
  static void closeQueue() {
    Kernels.gk_queue_free(queue);
    ARENA.close();
  }

  private record Drawn(int token, float probability) {}

  @Test
  void drawsWhatTheSamplerDraws() {
    Random random = new Random(20);
    for (int i = 0; i < 20_000; i++) {
      float[] logits = logits(random, 1 + random.nextInt(i % 100 == 0 ? 20_000 : 400));
      int limit = random.nextInt(4) > 0 ? logits.length : 1 + random.nextInt(logits.length);
      SamplingOptions options = options(random, limit);
      int seen = random.nextInt(40);
      Optional<TokenMask> mask =
          random.nextBoolean()
              ? Optional.of(new ChangingMask(logits.length, i, -1))
              : Optional.empty();
      String what =
          "case "
              + i
              + ": "
              + logits.length
              + " logits, limit "
              + limit
              + ", "
              + options
              + (mask.isPresent() ? ", masked" : "");
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment values = arena.allocate(4L * logits.length, Kernels.GK_ALIGNMENT());
        MemorySegment.copy(logits, 0, values, ValueLayout.JAVA_FLOAT, 0, logits.length);
        MemorySegment words = mask.map(each -> words(arena, each)).orElse(MemorySegment.NULL);
        Sampler sampler = new Sampler(options, mask);
        for (int token = 0; token < seen; token++) {
          sampler.accept(0);
        }
        Drawn drawn = draw(arena, values, words, everyStage(options, limit, seen));
        Sampling own = sampler.onDevice(limit).orElseThrow();
        assertEquals(drawn, draw(arena, values, words, own), what);
        if (drawn.token < 0) {
          Refusal refusal =
              assertThrows(Refusal.class, () -> sampler.sample(values, limit), () -> what);
          Refusal ofDevice = assertThrows(Refusal.class, () -> Sampler.drawn(drawn.token));
          assertEquals(refusal.reason(), ofDevice.reason(), what);
          assertEquals(remedy(refusal), remedy(ofDevice), what);
          continue;
        }
        assertEquals(sampler.sample(values, limit), drawn.token, what);
        double probability =
            sampler.candidates(limit).stream()
                .filter(each -> each.token() == drawn.token)
                .findFirst()
                .orElseThrow()
                .probability();
        // A weight is within 2e-7 of its value, or 1 of 2^40; the total likewise.
        assertEquals(probability, drawn.probability, 5e-7 * probability + 1e-12, what);
      }
    }
  }

  @Test
  void drawsFollowTheDistribution() {
    try (Arena arena = Arena.ofConfined()) {
      double[] shares = {0.4, 0.3, 0.15, 0.1, 0.05};
      MemorySegment values = arena.allocate(4L * shares.length, Kernels.GK_ALIGNMENT());
      for (int i = 0; i < shares.length; i++) {
        values.setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) Math.log(shares[i]));
      }
      SamplingOptions options = plain(List.of(SamplerType.TEMPERATURE));
      int[] counts = new int[shares.length];
      int draws = 50_000;
      for (int position = 0; position < draws; position++) {
        Sampling how = everyStage(options, shares.length, position);
        counts[draw(arena, values, MemorySegment.NULL, how).token]++;
      }
      double chiSquare = 0;
      for (int token = 0; token < shares.length; token++) {
        double expected = shares[token] * draws;
        chiSquare += Math.pow(counts[token] - expected, 2) / expected;
      }
      // 0.1 % point of chi-square with 4 degrees of freedom.
      assertTrue(chiSquare < 18.47, "chi-square " + chiSquare);
    }
  }

  private static String remedy(Refusal refusal) {
    return refusal.getMessage().replaceFirst("^[^;]*", "");
  }

  /** As the second of two masks, of which the first allows nothing. */
  private static MemorySegment words(Arena arena, TokenMask mask) {
    MemorySegment allowed = mask.allowed();
    MemorySegment words = arena.allocate(2 * allowed.byteSize(), Integer.BYTES);
    MemorySegment.copy(allowed, 0, words, allowed.byteSize(), allowed.byteSize());
    return words;
  }

  /**
   * @param words NULL for no masks: then how is read as if it had none
   */
  private static Drawn draw(Arena arena, MemorySegment logits, MemorySegment words, Sampling how) {
    MemorySegment tensor =
        Structs.tensor(arena, new Buffer(logits), 1, logits.byteSize() / Float.BYTES, DType.F32);
    MemorySegment token = arena.allocate(ValueLayout.JAVA_INT);
    MemorySegment tokens = Structs.tensor(arena, new Buffer(token), 1, 1, DType.I32);
    MemorySegment masks =
        words == MemorySegment.NULL
            ? words
            : Structs.tensor(
                arena, new Buffer(words), 2, words.byteSize() / 2 / Integer.BYTES, DType.I32);
    MemorySegment probability = arena.allocate(ValueLayout.JAVA_FLOAT);
    MemorySegment sampling = arena.allocate(Sampling.BYTES, Long.BYTES);
    how.write(sampling, 1);
    Library.check(
        Kernels.gk_sample(queue, tensor, sampling, masks, tokens, probability), "gk_sample");
    return new Drawn(
        token.get(ValueLayout.JAVA_INT, 0), probability.get(ValueLayout.JAVA_FLOAT, 0));
  }

  /** Of a chain with those stages too that are off. */
  private static Sampling everyStage(SamplingOptions options, int limit, long position) {
    return new Sampling(
        options.seed(),
        position,
        limit,
        options.truncation().topK(),
        options.truncation().topP(),
        options.truncation().minP(),
        options.temperature(),
        options.samplers().stream().map(STAGES::get).toList(),
        true);
  }

  private static SamplingOptions plain(List<SamplerType> chain) {
    return SamplingOptions.defaults()
        .with(new SamplingOptions.Truncation(0, 1, 0, 1))
        .withTemperature(1)
        .withSeed(7)
        .withSamplers(chain);
  }

  private static SamplingOptions options(Random random, int limit) {
    List<SamplerType> chain = new ArrayList<>(STAGES.keySet());
    Collections.sort(chain);
    Collections.shuffle(chain, random);
    chain = chain.subList(0, random.nextInt(chain.size() + 1));
    double[] temperatures = {0, 1e-3, 0.6, 0.7, 1, 1.5, 100, 9e5};
    int[] counts = {-1, 0, 1, 2, 40, limit, 2 * limit, 1 + random.nextInt(limit)};
    double[] masses = {0, 0.1, 0.5, 0.95, 0.999999, 1, random.nextDouble()};
    double[] leasts = {0, 1e-9, 0.05, 0.5, 1, random.nextDouble()};
    return plain(List.copyOf(chain))
        .withSeed(random.nextLong() >>> 1)
        .withTemperature(temperatures[random.nextInt(temperatures.length)])
        .withTopK(counts[random.nextInt(counts.length)])
        .withTopP(masses[random.nextInt(masses.length)])
        .withMinP(leasts[random.nextInt(leasts.length)]);
  }

  /** Normal ones, many of them equal, all equal, or with some that are infinite or no numbers. */
  private static float[] logits(Random random, int count) {
    float[] logits = new float[count];
    int kind = random.nextInt(20);
    float spread = new float[] {0, 0.01f, 1, 4, 30, 3e37f}[random.nextInt(6)];
    for (int i = 0; i < count; i++) {
      float value = (float) random.nextGaussian() * spread;
      logits[i] = kind < 6 ? Math.round(value) * (random.nextBoolean() ? 1f : -0f) : value;
      if ((kind & 3) == 1 && random.nextInt(3) > 0 || kind == 2) {
        logits[i] = Float.NEGATIVE_INFINITY;
      }
    }
    if (kind == 3) {
      logits[random.nextInt(count)] = random.nextBoolean() ? Float.NaN : Float.POSITIVE_INFINITY;
    }
    return logits;
  }
}

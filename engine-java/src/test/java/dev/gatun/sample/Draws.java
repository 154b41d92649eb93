// Draws: what the sampling tests share; logits in native memory and a chain of one stage.
package dev.gatun.sample;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

final class Draws {
  private Draws() {}

  static MemorySegment logits(double... values) {
    float[] floats = new float[values.length];
    for (int i = 0; i < values.length; i++) {
      floats[i] = (float) values[i];
    }
    return logits(floats);
  }

  static MemorySegment logits(float[] values) {
    return Arena.ofAuto().allocateFrom(ValueLayout.JAVA_FLOAT, values);
  }

  /** Logits whose softmax is {@code shares}. */
  static MemorySegment shares(double... shares) {
    return logits(Arrays.stream(shares).map(Math::log).toArray());
  }

  /** Nothing on: the model's own distribution, with a fixed seed. */
  static SamplingOptions plain(String chain) {
    return SamplingOptions.defaults()
        .with(new SamplingOptions.Truncation(0, 1, 0, 1))
        .withTemperature(1)
        .withSeed(7)
        .withSamplers(SamplerType.parse(chain));
  }

  /** Token to probability of the distribution drawn from after {@code seen} was accepted. */
  static Map<Integer, Double> distribution(
      SamplingOptions options, MemorySegment logits, int... seen) {
    Sampler sampler = new Sampler(options);
    Arrays.stream(seen).forEach(sampler::accept);
    int vocab = (int) (logits.byteSize() / Float.BYTES);
    sampler.sample(logits, vocab);
    List<TokenProbability> candidates = sampler.candidates(vocab);
    Map<Integer, Double> distribution = new TreeMap<>();
    candidates.forEach(each -> distribution.put(each.token(), each.probability()));
    return distribution;
  }
}

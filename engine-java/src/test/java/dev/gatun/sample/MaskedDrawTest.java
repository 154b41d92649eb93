// MaskedDrawTest: what a mask forbids is not drawn, and what it allows is drawn as ever.
package dev.gatun.sample;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.refusal.Refusal;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

class MaskedDrawTest {
  private static final int VOCAB = 70; // two words and a part

  private static final class Fixed implements TokenMask {
    private final int[] words;
    private final List<Integer> heard = new ArrayList<>();
    private boolean prepared;

    Fixed(int... words) {
      this.words = words;
    }

    static Fixed of(int... tokens) {
      Fixed mask = new Fixed(new int[3]);
      Arrays.stream(tokens).forEach(token -> mask.words[token / 32] |= 1 << token);
      return mask;
    }

    @Override
    public MemorySegment allowed() {
      return MemorySegment.ofArray(words);
    }

    @Override
    public void prepare() {
      prepared = true;
    }

    @Override
    public void accept(int token) {
      heard.add(token);
    }

    @Override
    public boolean ends() {
      return heard.contains(69);
    }

    @Override
    public void close() {}
  }

  private static MemorySegment logits(long seed) {
    Random random = new Random(seed);
    double[] values = random.doubles(VOCAB, -3, 3).toArray();
    return Draws.logits(values);
  }

  /** Every stage that can be on at once. */
  private static SamplingOptions options(long seed) {
    return SamplingOptions.defaults().withRepeatPenalty(1.2).withTemperature(1.1).withSeed(seed);
  }

  @Test
  void aMaskIsABiasOnAllThatItForbids() {
    int[] allowed = {0, 5, 31, 32, 40, 63, 64, 69};
    Map<Integer, Float> bans = new HashMap<>();
    for (int token = 0; token < VOCAB; token++) {
      bans.put(token, Float.NEGATIVE_INFINITY);
    }
    Arrays.stream(allowed).forEach(bans::remove);
    for (int seed = 0; seed < 200; seed++) {
      Sampler masked = new Sampler(options(seed), Optional.of(Fixed.of(allowed)));
      Sampler biased = new Sampler(options(seed).withLogitBias(bans));
      masked.accept(5);
      biased.accept(5);
      assertEquals(biased.sample(logits(seed), VOCAB), masked.sample(logits(seed), VOCAB));
      assertEquals(biased.candidates(VOCAB), masked.candidates(VOCAB));
    }
  }

  @Test
  void theMaskHearsTheAnswerAlone() {
    Fixed mask = Fixed.of(1, 69);
    Sampler sampler = new Sampler(options(1), Optional.of(mask));
    sampler.accept(3);
    sampler.prepare();
    sampler.advance(1);
    assertEquals(List.of(1), mask.heard);
    assertEquals(2, sampler.accepted());
    assertTrue(mask.prepared);
    assertFalse(sampler.ends());
    sampler.advance(69);
    assertTrue(sampler.ends());
  }

  @Test
  void aDeviceHearsOfTheMask() {
    SamplingOptions plain = SamplingOptions.defaults().withSeed(1);
    assertFalse(new Sampler(plain).onDevice(VOCAB).orElseThrow().masked());
    Sampler masked = new Sampler(plain, Optional.of(Fixed.of(1, 33)));
    assertTrue(masked.onDevice(VOCAB).orElseThrow().masked());
    assertArrayEquals(new int[] {2, 2, 0}, masked.allowed().toArray(ValueLayout.JAVA_INT));
    Sampler penalised = new Sampler(options(1), Optional.of(Fixed.of(1)));
    assertTrue(penalised.onDevice(VOCAB).isEmpty());
  }

  @Test
  void whereNothingIsAllowedNothingIsDrawn() {
    Sampler sampler = new Sampler(options(1), Optional.of(Fixed.of()));
    assertThrows(Refusal.class, () -> sampler.sample(logits(1), VOCAB));
  }
}

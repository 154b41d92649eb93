// SamplingOptionsTest: what is refused, how defaults are laid over each other, how a chain is read.
package dev.gatun.sample;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.refusal.Refusal;
import dev.gatun.weights.GenerationDefaults;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

class SamplingOptionsTest {
  private static final SamplingOptions DEFAULTS = SamplingOptions.defaults();

  @Test
  void everyValueOutOfRangeIsRefusedByName() {
    for (double bad : new double[] {-0.1, Double.NaN, Double.POSITIVE_INFINITY, 1e-9}) {
      refused("temperature", () -> DEFAULTS.withTemperature(bad));
    }
    refused("top-k", () -> DEFAULTS.withTopK(-2));
    for (double bad : new double[] {-0.1, 1.1, Double.NaN}) {
      refused("top-p", () -> DEFAULTS.withTopP(bad));
      refused("min-p", () -> DEFAULTS.withMinP(bad));
      refused("typical-p", () -> DEFAULTS.withTypicalP(bad));
    }
    for (double bad : new double[] {0, -1, Double.NaN, Double.POSITIVE_INFINITY}) {
      refused("repeat penalty", () -> DEFAULTS.withRepeatPenalty(bad));
    }
    refused("repeat-last-n", () -> DEFAULTS.withRepeatLastN(-2));
    refused("presence", () -> DEFAULTS.withPresencePenalty(Double.NaN));
    refused("frequency", () -> DEFAULTS.withFrequencyPenalty(Double.NEGATIVE_INFINITY));
    refused("seed", () -> DEFAULTS.withSeed(-2));
    refused("logit bias", () -> DEFAULTS.withLogitBias(Map.of(-1, 0f)));
    refused("logit bias", () -> DEFAULTS.withLogitBias(Map.of(1, Float.NaN)));
    refused("logit bias", () -> DEFAULTS.withLogitBias(Map.of(1, Float.POSITIVE_INFINITY)));
    refused("DRY multiplier", () -> new SamplingOptions.Dry(-1, 1.75, 2, 64, List.of()));
    refused("DRY base", () -> new SamplingOptions.Dry(1, 0.5, 2, 64, List.of()));
    refused("DRY allowed", () -> new SamplingOptions.Dry(1, 1.75, 0, 64, List.of()));
    refused("DRY last-n", () -> new SamplingOptions.Dry(1, 1.75, 2, -2, List.of()));
    refused("breaker", () -> new SamplingOptions.Dry(1, 1.75, 2, 64, List.of(List.of())));
  }

  @Test
  void chainTakesTheNamesOfTheField() {
    assertEquals(
        SamplerType.DEFAULT_CHAIN,
        SamplerType.parse("penalties;dry;top_k;typ_p;top_p;min_p;temperature"));
    assertEquals(
        List.of(SamplerType.TOP_K, SamplerType.TOP_P, SamplerType.MIN_P, SamplerType.TEMPERATURE),
        SamplerType.parse("top-k; TOP_P ;minp;temp;"));
    assertEquals(List.of(), SamplerType.parse(""));
  }

  @Test
  void unknownStagesAreRefusedByName() {
    for (String name : List.of("xtc", "top_n_sigma", "mirostat", "adaptive_p", "infill", "top k")) {
      refused("\"" + name + "\"", () -> SamplerType.parse("top_k;" + name));
    }
  }

  @Test
  void publishedValuesLieOverTheBuiltInOnes() {
    SamplingOptions options = SamplingOptions.defaults(published(0.6, 40, 0.95));
    assertEquals(0.6, options.temperature());
    assertEquals(new SamplingOptions.Truncation(40, 0.95, 0, 1), options.truncation());
    assertEquals(DEFAULTS.penalties(), options.penalties());
    assertEquals(DEFAULTS, SamplingOptions.defaults(published(null, null, null)));
    assertEquals(0, SamplingOptions.defaults(published(null, 20, null)).truncation().minP());
  }

  @Test
  void aModelThatDoesNotSampleIsGreedy() {
    GenerationDefaults greedy =
        new GenerationDefaults(
            Optional.of(false),
            Optional.of(0.7),
            Optional.empty(),
            Optional.empty(),
            Optional.of(0.1),
            Optional.of(1.1),
            List.of());
    SamplingOptions options = SamplingOptions.defaults(greedy);
    assertEquals(0, options.temperature());
    assertEquals(0.1, options.truncation().minP());
    assertEquals(1.1, options.penalties().repeat());
  }

  @Test
  void aPublishedValueThatCannotBeIsTheModelsFault() {
    Refusal refusal =
        assertThrows(Refusal.class, () -> SamplingOptions.defaults(published(null, null, 1.5)));
    assertEquals(Refusal.Reason.MODEL, refusal.reason());
    assertTrue(refusal.getMessage().contains("top-p 1.5"), refusal.getMessage());
  }

  private static GenerationDefaults published(Double temperature, Integer topK, Double topP) {
    return new GenerationDefaults(
        Optional.empty(),
        Optional.ofNullable(temperature),
        Optional.ofNullable(topK),
        Optional.ofNullable(topP),
        Optional.empty(),
        Optional.empty(),
        List.of());
  }

  @Test
  void optionsWithoutTheirStageAreNamed() {
    SamplingOptions options = DEFAULTS.withSamplers(SamplerType.parse("top_k")).withTypicalP(0.9);
    assertEquals(List.of("typical-p"), options.unused());
    assertEquals(2, options.withRepeatPenalty(1.1).unused().size());
    assertEquals(List.of(), DEFAULTS.withRepeatPenalty(1.1).unused());
  }

  @Test
  void randomSeedsDifferAndFixedOnesStay() {
    assertEquals(5, DEFAULTS.withSeed(5).withResolvedSeed().seed());
    assertNotEquals(DEFAULTS.withResolvedSeed().seed(), DEFAULTS.withResolvedSeed().seed());
  }

  private static void refused(String name, Executable call) {
    Refusal refusal = assertThrows(Refusal.class, call);
    assertEquals(Refusal.Reason.USAGE, refusal.reason());
    assertTrue(refusal.getMessage().contains(name), refusal.getMessage());
  }
}

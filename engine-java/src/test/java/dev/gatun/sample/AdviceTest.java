// AdviceTest: what makers advise fills in what a checkpoint does not say, and never overrides it.
package dev.gatun.sample;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.weights.GenerationDefaults;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class AdviceTest {
  private static final GenerationDefaults SILENT = said(Optional.empty(), Optional.empty());

  @Test
  void qwqHasItsPublishedSettings() {
    SamplingOptions options =
        SamplingOptions.defaults(Advice.over(SILENT, "qwen2", "qwq-32b-q4_k_m"));
    assertEquals(0.6, options.temperature());
    assertEquals(new SamplingOptions.Truncation(40, 0.95, 0, 1), options.truncation());
    assertEquals(1, options.penalties().repeat());
  }

  @Test
  void r1DistillationsHaveTheirs() {
    for (String architecture : List.of("qwen2", "llama")) {
      SamplingOptions options =
          SamplingOptions.defaults(
              Advice.over(SILENT, architecture, "deepseek-r1-distill-some-8b"));
      assertEquals(0.6, options.temperature());
      assertEquals(new SamplingOptions.Truncation(0, 0.95, 0, 1), options.truncation());
    }
  }

  @Test
  void r1HasItsPublishedSettings() {
    for (String architecture : List.of("deepseek_v3", "qwen3")) {
      SamplingOptions options =
          SamplingOptions.defaults(Advice.over(SILENT, architecture, "deepseek-r1-0528-some"));
      assertEquals(0.6, options.temperature());
      assertEquals(new SamplingOptions.Truncation(0, 0.95, 0, 1), options.truncation());
    }
  }

  @Test
  void theFirstR1AndItsDistillationsTakeNoSystemMessage() {
    assertTrue(Advice.onSystemMessage("deepseek_v3", "deepseek-r1-q4_k_m").isPresent());
    assertTrue(Advice.onSystemMessage("qwen2", "deepseek-r1-distill-qwen-7b").isPresent());
    assertTrue(Advice.onSystemMessage("llama", "deepseek-r1-distill-llama-8b").isPresent());
    assertTrue(Advice.onSystemMessage("deepseek_v3", "deepseek-r1-0528-q4_k_m").isEmpty());
    assertTrue(Advice.onSystemMessage("deepseek_v3", "deepseek-v3.1").isEmpty());
    assertTrue(Advice.onSystemMessage("qwen2", "qwq-32b").isEmpty());
  }

  @Test
  void theCheckpointsOwnWordWins() {
    GenerationDefaults own = said(Optional.of(0.3), Optional.of(20));
    GenerationDefaults filled = Advice.over(own, "qwen2", "qwq-32b");
    assertEquals(Optional.of(0.3), filled.temperature());
    assertEquals(Optional.of(20), filled.topK());
    assertEquals(Optional.of(0.95), filled.topP());
    assertEquals(List.of(7), filled.stopIds());
  }

  @Test
  void aNameOfAnotherArchitectureAndAnUnknownNameGetNoAdvice() {
    assertSame(SILENT, Advice.over(SILENT, "llama", "qwq-32b"));
    assertSame(SILENT, Advice.over(SILENT, "qwen2", "qwen2.5-7b-instruct"));
  }

  private static GenerationDefaults said(Optional<Double> temperature, Optional<Integer> topK) {
    return new GenerationDefaults(
        Optional.empty(),
        temperature,
        topK,
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        List.of(7));
  }
}

// Advice: the sampling settings that makers publish for a family beside its files.
package dev.gatun.sample;

import dev.gatun.weights.Checkpoint;
import dev.gatun.weights.GenerationDefaults;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * GGUF files seldom carry a generation_config.json, and QwQ is unusable without its settings. A
 * model is known by its architecture and its name.
 */
public final class Advice {
  private static final List<Family> FAMILIES =
      List.of(
          // Source: model card of Qwen/QwQ-32B, "Usage Guidelines".
          new Family("qwen2", "qwq", published(0.6, Optional.of(40), 0.95)),
          // Source: model card of deepseek-ai/DeepSeek-R1, "Usage Recommendations".
          new Family("deepseek_v3", "r1", published(0.6, Optional.empty(), 0.95)),
          new Family("qwen2", "r1-distill", published(0.6, Optional.empty(), 0.95)),
          new Family("llama", "r1-distill", published(0.6, Optional.empty(), 0.95)));

  private record Family(String architecture, String name, GenerationDefaults settings) {}

  private Advice() {}

  /** What the checkpoint ships, each missing value filled from its family's published advice. */
  @SuppressWarnings("exports") // for the engine's own use
  public static GenerationDefaults over(Checkpoint checkpoint) {
    return over(checkpoint.generation(), checkpoint.config().architecture(), names(checkpoint));
  }

  static GenerationDefaults over(GenerationDefaults own, String architecture, String names) {
    return FAMILIES.stream()
        .filter(family -> family.architecture.equals(architecture) && names.contains(family.name))
        .findFirst()
        .map(family -> filled(own, family.settings))
        .orElse(own);
  }

  // A renamed file is still known by what it says of itself.
  private static String names(Checkpoint checkpoint) {
    Object inside = checkpoint.metadata().getOrDefault("general.name", "");
    return (checkpoint.name() + " " + inside).toLowerCase(Locale.ROOT).replace(' ', '-');
  }

  private static GenerationDefaults filled(GenerationDefaults own, GenerationDefaults advice) {
    return new GenerationDefaults(
        own.sample(),
        own.temperature().or(advice::temperature),
        own.topK().or(advice::topK),
        own.topP().or(advice::topP),
        own.minP().or(advice::minP),
        own.repetitionPenalty().or(advice::repetitionPenalty),
        own.stopIds());
  }

  private static GenerationDefaults published(
      double temperature, Optional<Integer> topK, double topP) {
    return new GenerationDefaults(
        Optional.of(true),
        Optional.of(temperature),
        topK.or(() -> Optional.of(0)),
        Optional.of(topP),
        Optional.of(0.0),
        Optional.empty(),
        List.of());
  }
}

// Advice: what makers publish beside a family's files: sampling settings, and how to ask.
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
          new Family("qwen2", "qwq", published(0.6, Optional.of(40), 0.95), true),
          // Source: model card of deepseek-ai/DeepSeek-R1-0528, which takes a system message.
          new Family("deepseek_v3", "r1-0528", published(0.6, Optional.empty(), 0.95), true),
          new Family("qwen3", "r1-0528", published(0.6, Optional.empty(), 0.95), true),
          // Source: model card of deepseek-ai/DeepSeek-R1, "Usage Recommendations".
          new Family("deepseek_v3", "r1", published(0.6, Optional.empty(), 0.95), false),
          new Family("qwen2", "r1-distill", published(0.6, Optional.empty(), 0.95), false),
          new Family("llama", "r1-distill", published(0.6, Optional.empty(), 0.95), false));

  /**
   * @param name a part of the names of its models; of two families that fit the first counts
   * @param system whether its makers would have it take a system message
   */
  private record Family(
      String architecture, String name, GenerationDefaults settings, boolean system) {}

  private Advice() {}

  /** What the checkpoint ships, each missing value filled from its family's published advice. */
  @SuppressWarnings("exports") // for the engine's own use
  public static GenerationDefaults over(Checkpoint checkpoint) {
    return over(checkpoint.generation(), checkpoint.config().architecture(), names(checkpoint));
  }

  static GenerationDefaults over(GenerationDefaults own, String architecture, String names) {
    return family(architecture, names).map(family -> filled(own, family.settings)).orElse(own);
  }

  /** What to tell somebody who gives the model a system message, where its makers advise none. */
  @SuppressWarnings("exports") // for the engine's own use
  public static Optional<String> onSystemMessage(Checkpoint checkpoint) {
    return onSystemMessage(checkpoint.config().architecture(), names(checkpoint));
  }

  static Optional<String> onSystemMessage(String architecture, String names) {
    return family(architecture, names)
        .filter(family -> !family.system)
        .map(
            _ ->
                "the model's makers advise against a system message: better write all into the"
                    + " question");
  }

  private static Optional<Family> family(String architecture, String names) {
    return FAMILIES.stream()
        .filter(family -> family.architecture.equals(architecture) && names.contains(family.name))
        .findFirst();
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

// GenerationDefaults: the sampling settings a model's makers ship with it.
package dev.gatun.weights;

import java.util.List;
import java.util.Optional;

/**
 * From {@code generation_config.json} or GGUF's {@code general.sampling.*}; empty where the files say nothing.
 *
 * @param sample false asks for greedy decoding
 * @param temperature at least 0
 * @param topK 0 or empty: no limit
 * @param topP in [0, 1]
 * @param minP in [0, 1]
 * @param repetitionPenalty above 0; 1 changes nothing
 * @param stopIds tokens that end generation, each named once; may be empty
 */
public record GenerationDefaults(
    Optional<Boolean> sample,
    Optional<Double> temperature,
    Optional<Integer> topK,
    Optional<Double> topP,
    Optional<Double> minP,
    Optional<Double> repetitionPenalty,
    List<Integer> stopIds) {

  public GenerationDefaults {
    stopIds = List.copyOf(stopIds);
  }
}

// GenerationDefaultsReader: the sampling settings that generation_config.json or a GGUF header
// names.
package dev.gatun.weights;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

final class GenerationDefaultsReader {
  private GenerationDefaultsReader() {}

  /**
   * From GGUF's key-values; a turn ends with any of its three end tokens (source:
   * gguf/constants.py).
   */
  static GenerationDefaults of(Fields fields) {
    Set<Integer> stops = new LinkedHashSet<>();
    for (String end : List.of("eos", "eot", "eom")) {
      stops.addAll(fields.integers("tokenizer.ggml." + end + "_token_id", 0, Limits.VOCAB));
    }
    return new GenerationDefaults(
        Optional.empty(),
        fields.number("general.sampling.temp", 0),
        topK(fields, "general.sampling.top_k"),
        fraction(fields, "general.sampling.top_p"),
        fraction(fields, "general.sampling.min_p"),
        penalty(fields, "general.sampling.penalty_repeat"),
        new ArrayList<>(stops));
  }

  /** From generation_config.json, and the end tokens of config.json where the former names none. */
  static GenerationDefaults of(Fields generation, Fields config) {
    Fields ends = generation.has("eos_token_id") ? generation : config;
    return new GenerationDefaults(
        generation.flag("do_sample"),
        generation.number("temperature", 0),
        topK(generation, "top_k"),
        fraction(generation, "top_p"),
        fraction(generation, "min_p"),
        penalty(generation, "repetition_penalty"),
        ends.integers("eos_token_id", 0, Limits.VOCAB).stream().distinct().toList());
  }

  // Some write −1 for "no limit".
  private static Optional<Integer> topK(Fields fields, String key) {
    return fields.integer(key, -1, Integer.MAX_VALUE).map(k -> Math.max(0, k));
  }

  private static Optional<Double> fraction(Fields fields, String key) {
    Optional<Double> value = fields.number(key, 0);
    if (value.isPresent() && value.get() > 1) {
      throw fields.wrong(key, value.get(), "a number from 0 to 1");
    }
    return value;
  }

  private static Optional<Double> penalty(Fields fields, String key) {
    Optional<Double> value = fields.number(key, 0);
    if (value.isPresent() && value.get() == 0) {
      throw fields.wrong(key, value.get(), "a number above 0");
    }
    return value;
  }
}

// SamplerType: one step of the sampling chain, by the name llama.cpp's --samplers gives it.
package dev.gatun.sample;

import dev.gatun.device.Sampling;
import dev.gatun.refusal.Refusal;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * The steps a chain can be made of. The order of a chain matters and is the caller's: temperature
 * first makes top-p and min-p cut the tempered distribution, temperature last the model's own
 * (QwQ's published advice).
 */
public enum SamplerType {
  PENALTIES("penalties"),
  DRY("dry"),
  TOP_K("top_k", "top-k", "topk"),
  TYP_P("typ_p", "typ-p", "typp", "typ"),
  TOP_P("top_p", "top-p", "topp", "nucleus"),
  MIN_P("min_p", "min-p", "minp"),
  TEMPERATURE("temperature", "temp");

  /** llama.cpp's default order, without the two that are off by default and not offered here. */
  public static final List<SamplerType> DEFAULT_CHAIN =
      List.of(PENALTIES, DRY, TOP_K, TYP_P, TOP_P, MIN_P, TEMPERATURE);

  private final List<String> spellings;

  SamplerType(String... spellings) {
    this.spellings = List.of(spellings);
  }

  /** What devices call it; empty for what only the host does. */
  Optional<Sampling.Stage> onDevice() {
    return switch (this) {
      case TOP_K -> Optional.of(Sampling.Stage.TOP_K);
      case TOP_P -> Optional.of(Sampling.Stage.TOP_P);
      case MIN_P -> Optional.of(Sampling.Stage.MIN_P);
      case TEMPERATURE -> Optional.of(Sampling.Stage.TEMPERATURE);
      case PENALTIES, DRY, TYP_P -> Optional.empty();
    };
  }

  /** The canonical name, as {@code --samplers} takes it. */
  public String canonicalName() {
    return spellings.getFirst();
  }

  /**
   * Reads a chain such as {@code "top_k;top_p;min_p;temperature"}. Case, blanks and a trailing
   * separator do not matter; an empty chain draws from the model's own distribution.
   *
   * @throws Refusal (usage) for a name that is none
   */
  public static List<SamplerType> parse(String chain) {
    List<SamplerType> types = new ArrayList<>();
    for (String name : chain.split(";")) {
      if (!name.isBlank()) {
        types.add(named(name.strip()));
      }
    }
    return List.copyOf(types);
  }

  private static SamplerType named(String name) {
    String lower = name.toLowerCase(Locale.ROOT);
    return Arrays.stream(values())
        .filter(type -> type.spellings.contains(lower))
        .findFirst()
        .orElseThrow(
            () ->
                Refusal.usage(
                    "unknown sampler \"" + name + "\"",
                    "name only " + canonicalNames() + ", separated by ;"));
  }

  private static String canonicalNames() {
    return Arrays.stream(values())
        .map(SamplerType::canonicalName)
        .collect(Collectors.joining(", "));
  }
}

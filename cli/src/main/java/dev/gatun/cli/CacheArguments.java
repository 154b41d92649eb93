// CacheArguments: the number formats of the cache's keys and values.
package dev.gatun.cli;

import dev.gatun.device.DType;
import dev.gatun.kv.CacheTypes;
import dev.gatun.refusal.Refusal;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * {@code -ctk} and {@code -ctv}, or {@code --kv} for both; what is typed wins over the
 * environment's.
 */
final class CacheArguments {
  private static final String BOTH = "--kv";
  private static final String KEYS = "--cache-type-k";
  private static final String VALUES = "--cache-type-v";

  @Spec(Spec.Target.MIXEE)
  CommandSpec command;

  @Option(
      names = {"-ctk", KEYS},
      paramLabel = "TYPE",
      description =
          "Type of the cache's keys: f32, f16, bf16, f8 (e4m3), q8_0, q4_0, turbo4 or turbo3 (8.5,"
              + " 4.5, 4.1 and 3.1 bits an element); f16 by default, f32 with --compute f32.")
  Optional<String> keys = Optional.empty();

  @Option(
      names = {"-ctv", VALUES},
      paramLabel = "TYPE",
      description = "The same of its values.")
  Optional<String> values = Optional.empty();

  @Option(
      names = BOTH,
      paramLabel = "TYPE[,TYPE]",
      description = "Both at once: one type, or that of keys and that of values.")
  Optional<String> both = Optional.empty();

  /** What is asked for, and {@code defaults} for the rest; empty where nothing is. */
  Optional<CacheTypes> types(CacheTypes defaults) {
    List<String> given = given();
    if (given.isEmpty()) {
      return Optional.empty();
    }
    if (!given.contains(BOTH)) {
      return Optional.of(
          new CacheTypes(
              one(given, KEYS, keys, defaults.keys()),
              one(given, VALUES, values, defaults.values())));
    }
    if (given.size() > 1) {
      throw Refusal.usage(
          String.join(" and ", given) + " each name a type of the cache",
          "keep --kv or the others");
    }
    return both.map(CacheTypes::parse);
  }

  private static DType one(
      List<String> given, String option, Optional<String> text, DType otherwise) {
    return given.contains(option) ? CacheTypes.type(text.orElseThrow()) : otherwise;
  }

  private List<String> given() {
    List<String> typed =
        Stream.of(BOTH, KEYS, VALUES)
            .filter(command.commandLine().getParseResult()::hasMatchedOption)
            .toList();
    return typed.isEmpty() ? set() : typed;
  }

  private List<String> set() {
    return Stream.of(both.map(_ -> BOTH), keys.map(_ -> KEYS), values.map(_ -> VALUES))
        .flatMap(Optional::stream)
        .toList();
  }
}

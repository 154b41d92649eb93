// CacheRamArgument: host memory for what was computed and the cache has no room for.
package dev.gatun.cli;

import dev.gatun.load.EngineOptions;
import dev.gatun.refusal.Refusal;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.Option;

/** Mixed into commands whose sequences share what they have computed. */
final class CacheRamArgument {
  private static final Pattern SIZE = Pattern.compile("(\\d{1,9}(?:\\.\\d{1,6})?)\\s*([A-Za-z]*)");

  @Option(
      names = {"-cram", "--cache-ram"},
      paramLabel = "SIZE",
      description =
          "Host memory for parts of conversations and prompts that the cache has no room for: 8G,"
              + " 512M, or a number of MiB; 0 is none. 8G by default, or what is free; none over"
              + " several devices.")
  Optional<String> size = Optional.empty();

  EngineOptions applied(EngineOptions options) {
    return size.map(text -> options.withCacheRam(bytes(text))).orElse(options);
  }

  /** llama.cpp's numbers are MiB. */
  static long bytes(String text) {
    Matcher matcher = SIZE.matcher(text.strip());
    if (matcher.matches()) {
      double unit =
          switch (matcher.group(2).toLowerCase(Locale.ROOT)) {
            case "", "m", "mib" -> 1L << 20;
            case "g", "gib" -> 1L << 30;
            case "mb" -> 1e6;
            case "gb" -> 1e9;
            default -> -1;
          };
      if (unit > 0) {
        return (long) (Double.parseDouble(matcher.group(1)) * unit);
      }
    }
    throw Refusal.usage(
        "--cache-ram '" + text + "' is no size", "give 8G, 512M, a number of MiB, or 0 for none");
  }
}

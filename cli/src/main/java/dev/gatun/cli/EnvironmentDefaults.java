// EnvironmentDefaults: every option's second source, the environment: --threads is
// GATUN_ARG_THREADS.
package dev.gatun.cli;

import java.util.Locale;
import java.util.Map;
import picocli.CommandLine.IDefaultValueProvider;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.OptionSpec;

/** What is typed wins over the environment; the environment wins over built-in values. */
record EnvironmentDefaults(Map<String, String> environment) implements IDefaultValueProvider {
  static final String PREFIX = "GATUN_ARG_";

  /** Null where the variable is not set, as picocli asks. */
  @Override
  public String defaultValue(ArgSpec argument) {
    if (argument instanceof OptionSpec option && !option.usageHelp() && !option.hidden()) {
      return environment.get(variable(option.longestName()));
    }
    return null;
  }

  /** {@code --ctx-size} to {@code GATUN_ARG_CTX_SIZE}. */
  static String variable(String option) {
    return PREFIX + option.replaceFirst("^-+", "").replace('-', '_').toUpperCase(Locale.ROOT);
  }
}

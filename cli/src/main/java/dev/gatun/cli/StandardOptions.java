// StandardOptions: the two options that every sub-command has.
package dev.gatun.cli;

import picocli.CommandLine.Option;

/** Mixed into every sub-command. */
final class StandardOptions {
  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      description = "Print this help.")
  boolean help;

  @Option(
      names = {"-v", "--verbose"},
      description = "Tell more on standard error; a failure prints its stack trace.")
  boolean verbose;
}

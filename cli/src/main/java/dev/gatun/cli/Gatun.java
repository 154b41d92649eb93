// Gatun: the top command; it knows the sub-commands' names and prints help and version.
package dev.gatun.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
    name = "gatun",
    header = "Runs language models.",
    synopsisHeading = "Usage: ",
    customSynopsis = {
      "gatun COMMAND [OPTIONS]",
      "       gatun -m MODEL -p PROMPT   (short for gatun run)"
    },
    commandListHeading = "%nCommands:%n",
    footer = {
      "",
      "Options are also read from the environment: --threads from GATUN_ARG_THREADS.",
      "Exit codes: 0 done, 1 files or network, 2 usage, 3 does not fit,",
      "4 model invalid, 5 device, 130 interrupted."
    })
final class Gatun implements Callable<Integer> {
  @Spec CommandSpec spec;

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      description = "Print this help.")
  boolean help;

  @Option(
      names = {"-V", "--version"},
      description = "Print the version.")
  boolean version;

  private final Stdio stdio;

  Gatun(Stdio stdio) {
    this.stdio = stdio;
  }

  @Override
  public Integer call() {
    if (version) {
      stdio.out().println(Version.TEXT);
    } else {
      spec.commandLine().usage(spec.commandLine().getOut());
    }
    return 0;
  }
}

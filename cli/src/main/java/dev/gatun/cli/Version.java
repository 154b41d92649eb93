// Version: prints what is running.
package dev.gatun.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

@Command(name = "version", description = "Print the version of the program and of Java.")
final class Version implements Callable<Integer> {
  /** The same as the version in the build file; a test compares them. */
  static final String NUMBER = "0.1.0";

  static final String TEXT =
      "gatun "
          + NUMBER
          + " (Java "
          + Runtime.version()
          + ", "
          + System.getProperty("os.arch")
          + ")";

  @picocli.CommandLine.Mixin StandardOptions standard;

  private final Stdio stdio;

  Version(Stdio stdio) {
    this.stdio = stdio;
  }

  @Override
  public Integer call() {
    stdio.out().println(TEXT);
    return 0;
  }
}

// Training: runs several commands in one process, for the launcher's AOT cache to learn from.
package dev.gatun.cli;

/**
 * {@code java … dev.gatun.cli.Training "tokenize --demo --text Hello" "run --demo -p Hello"}: each
 * argument is a command, its words parted by spaces. A cache holds what one process used, so what
 * the commands do not share would otherwise start slowly in all but one of them.
 */
public final class Training {
  private Training() {}

  /** Ends with the exit code of the first command that failed, or 0. */
  public static void main(String[] commands) {
    Stdio stdio = Stdio.ofProcess();
    Interrupts interrupts = Interrupts.install(stdio.err());
    int exitCode = 0;
    for (String command : commands) {
      int ended = Main.execute(stdio, interrupts, command.split(" "));
      exitCode = exitCode == 0 ? ended : exitCode;
    }
    interrupts.finished();
    System.exit(exitCode);
  }
}

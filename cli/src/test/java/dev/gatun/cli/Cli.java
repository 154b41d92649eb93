// Cli: runs a command in this process with streams that a test can fill and read.
package dev.gatun.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/**
 * @param terminals whether the three streams are terminals
 */
record Cli(byte[] input, boolean terminals, Map<String, String> environment) {

  /** What a command left behind. */
  record Result(int exitCode, String out, String err) {
    /** Asserts success and returns standard output. */
    String succeeded() {
      assertEquals(0, exitCode, err);
      return out;
    }

    /**
     * Asserts a refusal: this exit code, nothing on standard output, one line on standard error.
     */
    String refused(int expected) {
      assertEquals(expected, exitCode, err);
      assertEquals("", out);
      assertTrue(err.matches("gatun: [^\n]*\n"), err);
      return err;
    }
  }

  static Cli piped(String input) {
    return new Cli(input.getBytes(StandardCharsets.UTF_8), false, Map.of());
  }

  static Cli terminal() {
    return new Cli(new byte[0], true, Map.of());
  }

  static Cli environment(Map<String, String> variables) {
    return new Cli(new byte[0], true, variables);
  }

  Result run(String... args) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    int exitCode = Main.execute(stdio(out, err), Interrupts.none(), args);
    return new Result(
        exitCode, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
  }

  Stdio stdio(ByteArrayOutputStream out, ByteArrayOutputStream err) {
    return new Stdio(
        new ByteArrayInputStream(input),
        new Output(out),
        new PrintStream(err, true, StandardCharsets.UTF_8),
        _ -> terminals,
        _ -> 0,
        environment,
        new Processes(environment, System.err));
  }
}

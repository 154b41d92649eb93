// OutputTest: a reader that has gone ends the program quietly, a full disk does not.
package dev.gatun.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.refusal.Refusal;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.junit.jupiter.api.Test;

class OutputTest {
  @Test
  void aReaderThatHasGoneIsNoFailure() {
    assertEquals(141, exitCode("Broken pipe", new ByteArrayOutputStream()));
  }

  @Test
  void aFullDiskIsTold() {
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    assertEquals(1, exitCode("No space left on device", err));
    assertTrue(
        err.toString(StandardCharsets.UTF_8).matches("gatun: .*No space left on device.*\n"));
  }

  @Test
  void aFailureIsToldOnce() {
    Output output = new Output(failing("No space left on device"));
    output.print("x");
    assertThrows(Refusal.class, output::flush);
    output.print("y");
    output.flush();
  }

  private static int exitCode(String reason, ByteArrayOutputStream err) {
    Stdio stdio =
        new Stdio(
            new ByteArrayInputStream(new byte[0]),
            new Output(failing(reason)),
            new PrintStream(err, true, StandardCharsets.UTF_8),
            _ -> false,
            _ -> 0,
            Map.of(),
            new Processes(Map.of(), System.err));
    return Main.execute(stdio, Interrupts.none(), "version");
  }

  private static OutputStream failing(String reason) {
    return new OutputStream() {
      @Override
      public void write(int value) throws IOException {
        throw new IOException(reason);
      }
    };
  }
}

// LimitsTest: a server that could answer nothing is refused before it starts.
package dev.gatun.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.gatun.refusal.Refusal;
import dev.gatun.server.ServerOptions.Limits;
import org.junit.jupiter.api.Test;

class LimitsTest {
  private static void refused(int answers, int bodyBytes, int connections) {
    Limits all = Limits.defaults();
    Refusal refusal =
        assertThrows(
            Refusal.class,
            () -> new Limits(answers, bodyBytes, connections, all.receiving(), all.stalled()));
    assertEquals(Refusal.Reason.USAGE, refusal.reason());
  }

  @Test
  void noAnswersNoBytesAndNoConnectionsAreRefused() {
    refused(0, 1, 1);
    refused(1, 0, 1);
    refused(1, 1, 0);
  }
}

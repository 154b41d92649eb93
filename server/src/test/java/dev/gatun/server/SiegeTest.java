// SiegeTest: a few thousand hostile requests: each is refused with a reason, none is a 500.
package dev.gatun.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.Gatun;
import dev.gatun.GatunOptions;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** {@code scripts/check-server} sends many more. */
class SiegeTest {
  private static final ServerOptions.Limits LIMITS =
      new ServerOptions.Limits(8, 1 << 20, 64, Duration.ofSeconds(5), Duration.ofSeconds(5));

  @Test
  void hostileRequestsAreRefused() throws InterruptedException {
    ServerOptions options = ServerOptions.defaults().withPort(0).withLimits(LIMITS);
    try (Gatun model = Gatun.open(Gatun.DEMO, GatunOptions.defaults().withContext(256));
        GatunServer server = GatunServer.start(options, LogWriter.none())) {
      server.serve(model);
      Siege.Report report = new Siege(server.uri()).run(8, 400, "so long ".repeat(200));
      assertEquals(List.of(), report.wrong());
      int all = report.statuses().values().stream().mapToInt(Integer::intValue).sum();
      assertEquals(8 * 400, all);
      assertTrue(report.statuses().get(400) > all / 3, report.toString());
      assertTrue(
          report.statuses().keySet().containsAll(List.of(403, 404, 405, 415, 417, 431, 505)),
          report.toString());
    }
  }
}

// CrowdTest: clients at once get the texts that they get alone, while others leave; nothing stays.
package dev.gatun.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.Gatun;
import dev.gatun.GatunOptions;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** {@code scripts/check-server} does this for minutes, with 64. */
class CrowdTest {
  @Test
  @Timeout(300)
  void eachGetsItsTextAlone() throws IOException, InterruptedException {
    GatunOptions options = GatunOptions.defaults().withContext(4096).withParallel(4);
    try (Gatun model = Gatun.open(Gatun.DEMO, options);
        GatunServer server =
            GatunServer.start(ServerOptions.defaults().withPort(0), LogWriter.none())) {
      server.serve(model);
      try (Crowd crowd = new Crowd(server.uri(), 6)) {
        Crowd.Report report = crowd.run(12, round -> round < 3);
        assertEquals(List.of(), report.wrong());
        assertTrue(report.seen().stream().mapToInt(Crowd.Seen::left).sum() > 0, report.toString());
        assertEquals(36, report.seen().stream().mapToInt(Crowd.Seen::questions).sum());
      }
      RawClient.askUntil(server.uri(), "/slots", "[]"::equals);
    }
  }
}

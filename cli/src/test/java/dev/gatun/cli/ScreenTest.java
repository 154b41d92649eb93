// ScreenTest: how a download is shown where nothing can be redrawn.
package dev.gatun.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.gatun.hub.FetchListener;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

class ScreenTest {
  private final ByteArrayOutputStream shown = new ByteArrayOutputStream();
  private final Screen screen =
      new Screen(new PrintStream(shown, true, StandardCharsets.UTF_8), () -> false);

  @Test
  void everyTenthIsALine() {
    try (FetchListener.Progress progress = screen.begin("owner/repo", 5_000_000)) {
      for (long done = 0; done <= 5_000_000; done += 100_000) {
        progress.to(done);
      }
    }
    List<String> lines = lines();
    assertEquals("owner/repo: 5.00 MB", lines.getFirst());
    assertEquals("owner/repo: 10 %", lines.get(1));
    assertEquals("owner/repo: 100 %", lines.getLast());
    assertEquals(11, lines.size(), lines.toString());
  }

  @Test
  void whatAServerSaidMovesNoCursor() {
    screen.tell("a\033[2Jb\nc");
    assertEquals(List.of("a [2Jb c"), lines());
  }

  private List<String> lines() {
    return shown.toString(StandardCharsets.UTF_8).lines().toList();
  }
}

// MachineTest: how many threads work where nobody says.
package dev.gatun.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MachineTest {
  @TempDir Path folder;

  private Path cpuinfo(int sockets, int cores, int threads) throws IOException {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < sockets * cores * threads; i++) {
      text.append("processor\t: ").append(i).append('\n');
      text.append("physical id\t: ").append(i % sockets).append('\n');
      text.append("core id\t\t: ").append(i / sockets % cores).append("\n\n");
    }
    return Files.writeString(folder.resolve("cpuinfo"), text);
  }

  @Test
  void aThreadACoreAndNoMoreThanAreAllowed() throws IOException {
    Path cpuinfo = cpuinfo(2, 4, 2);
    assertEquals(8, Machine.cores(cpuinfo, 16));
    assertEquals(8, Machine.cores(cpuinfo, 8));
    assertEquals(3, Machine.cores(cpuinfo, 3));
  }

  @Test
  void whereLinuxDoesNotTellTheProcessorsCount() {
    assertEquals(5, Machine.cores(folder.resolve("none"), 5));
  }
}

// BoundThreadsTest: the threads of ranks are on the processors that their devices name.
package dev.gatun.engine;

import static dev.gatun.engine.Resources.ORACLES;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.gatun.device.DeviceChoice;
import dev.gatun.load.EngineOptions;
import dev.gatun.load.Mesh;
import dev.gatun.shard.Placement;
import dev.gatun.weights.Checkpoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Tag("cpu")
@Timeout(60)
class BoundThreadsTest {
  private static final String ALLOWED = "Cpus_allowed_list:\t";

  private static String allowed(Path status) throws IOException {
    return Files.readAllLines(status).stream()
        .filter(line -> line.startsWith(ALLOWED))
        .map(line -> line.substring(ALLOWED.length()))
        .findFirst()
        .orElseThrow();
  }

  /** Where this process's threads of a name may run. */
  private static List<String> allowedOf(String name) throws IOException {
    List<String> found = new ArrayList<>();
    try (var tasks = Files.newDirectoryStream(Path.of("/proc/self/task"))) {
      for (Path task : tasks) {
        Path comm = task.resolve("comm");
        if (Files.exists(comm) && Files.readString(comm).strip().equals(name)) {
          found.add(allowed(task.resolve("status")));
        }
      }
    }
    return found;
  }

  @Test
  void eachRanksThreadIsOnItsDevicesProcessor() throws IOException {
    String before = allowed(Path.of("/proc/thread-self/status"));
    String[] numbers = before.split("[,-]");
    String first = numbers[0];
    String last = numbers[numbers.length - 1];
    EngineOptions options =
        EngineOptions.defaults()
            .withDevice(DeviceChoice.cpu().named("cpu:" + first))
            .withContext(64)
            .withMesh(
                new Mesh(List.of(DeviceChoice.cpu().named("cpu:" + last)), Placement.Mode.TENSOR));
    try (Checkpoint checkpoint = Checkpoint.open(ORACLES.folder("qwen2").checkpoint());
        Engine engine = Engine.load(checkpoint, options);
        Session session = engine.newSession()) {
      session.append(1);
      assertEquals(List.of(first), allowedOf("gatun-engine"));
      assertEquals(List.of(last), allowedOf("gatun-rank-1"));
      assertEquals(before, allowed(Path.of("/proc/thread-self/status")));
    }
  }
}

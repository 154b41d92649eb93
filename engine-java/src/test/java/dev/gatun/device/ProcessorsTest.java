// ProcessorsTest: which processors are there, on made trees of /proc and /sys, and that threads
// stay
// on theirs.
package dev.gatun.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.refusal.Refusal;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ProcessorsTest {
  private static final Path ROOT = Path.of("/");

  @TempDir Path root;

  private void write(String file, String text) throws IOException {
    Path path = root.resolve(file);
    Files.createDirectories(path.getParent());
    Files.writeString(path, text);
  }

  private void allow(String list) throws IOException {
    write("proc/self/status", "Name:\tjava\nCpus_allowed:\tff\nCpus_allowed_list:\t" + list + "\n");
  }

  @ParameterizedTest
  @CsvSource({"0, 0, 1", "0-3, 0-3, 4", "8+0-1, 0-1+8, 3", "0-1+2, 0-2, 3", "5+5, 5, 1"})
  void listsAreReadAndWritten(String list, String written, int count) {
    Processors read = Processors.parse(list, "+");
    assertEquals(written, read.toString());
    assertEquals(count, read.count());
    assertEquals(read, Processors.parse(written, "+"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "-", "3-1", "0+", "0++1", "a", "0-", "0,1", "5+3-1", "0-12345"})
  void whatIsNoListIsRefused(String list) {
    Refusal refusal = assertThrows(Refusal.class, () -> Processors.parse(list, "+"));
    assertEquals(Refusal.Reason.USAGE, refusal.reason());
    assertTrue(refusal.getMessage().startsWith("'" + list + "' names no processors"));
  }

  @Test
  void othersProcessorsAreRefused() throws IOException {
    allow("0-2,8");
    Processors.parse("1+8", "+").require(root);
    Refusal refusal =
        assertThrows(Refusal.class, () -> Processors.parse("1-5+8-9", "+").require(root));
    assertEquals(
        "this process may not use processor 3-5+9; name some of 0-2+8", refusal.getMessage());
  }

  @Test
  void aNodeHasThoseThatAreThisProcesses() throws IOException {
    allow("2-9");
    write("sys/devices/system/node/node0/cpulist", "0-3,8-11\n");
    write("sys/devices/system/node/node1/cpulist", "10-15\n");
    write("sys/devices/system/node/node2/cpulist", "\n");
    assertEquals("2-3+8-9", Processors.ofNode(0, root).toString());
    for (int node : new int[] {1, 2}) {
      Refusal none = assertThrows(Refusal.class, () -> Processors.ofNode(node, root));
      assertEquals(
          "no processor of NUMA node " + node + " is this process's; it may use 2-9",
          none.getMessage());
    }
    Refusal absent = assertThrows(Refusal.class, () -> Processors.ofNode(3, root));
    assertTrue(absent.getMessage().startsWith("there is no NUMA node 3; "), absent.getMessage());
  }

  /** Where the calling thread may run. */
  private static String here() throws IOException {
    for (String line : Files.readAllLines(Path.of("/proc/thread-self/status"))) {
      if (line.startsWith("Cpus_allowed_list:")) {
        return Processors.parse(line.substring(line.indexOf(':') + 1), ",").toString();
      }
    }
    throw new AssertionError("Linux tells no processors");
  }

  @Test
  void aThreadAndThoseThatItStartsStayWhereTheyAreBound() throws Exception {
    String before = here();
    int[] all = Processors.allowed(ROOT).numbers().toArray();
    List<String> seen = new ArrayList<>();
    for (int processor : new int[] {all[0], all[all.length - 1]}) {
      DeviceChoice choice = DeviceChoice.cpu().named("cpu:" + processor);
      assertEquals("cpu:" + processor, choice.toString());
      assertEquals(1, choice.threads());
      try (Binding _ = Binding.to(choice)) {
        assertEquals("" + processor, here());
        Thread started =
            Thread.ofPlatform()
                .start(
                    () -> {
                      try {
                        seen.add(here());
                      } catch (IOException e) {
                        seen.add(e.toString());
                      }
                    });
        started.join();
        assertEquals("" + processor, seen.getLast());
      }
      assertEquals(before, here());
    }
    try (Binding _ = Binding.to(DeviceChoice.cpu())) {
      assertEquals(before, here());
    }
  }

  /** Where this process's threads may run, by their folders. */
  private static Map<Path, String> everywhere() throws IOException {
    Map<Path, String> found = new HashMap<>();
    try (var tasks = Files.newDirectoryStream(Path.of("/proc/self/task"))) {
      for (Path task : tasks) {
        found.put(task, allowed(task));
      }
    }
    return found;
  }

  /** Nothing of a thread that has ended meanwhile. */
  private static String allowed(Path task) {
    try (var lines = Files.lines(task.resolve("status"))) {
      return lines.filter(line -> line.startsWith("Cpus_allowed_list:")).findFirst().orElse("");
    } catch (IOException | UncheckedIOException ended) {
      return "";
    }
  }

  @Test
  void aDevicesThreadsAreOnItsProcessors() throws IOException {
    int last = Processors.allowed(ROOT).numbers().max().orElseThrow();
    // Two threads, of which the second is the queue's own.
    DeviceChoice two = DeviceChoice.cpu().named("cpu:" + last).withThreads(2);
    Set<Path> before = everywhere().keySet();
    try (Device device = Device.open(two)) {
      assertTrue(device.name().startsWith("cpu:" + last + " (2 threads"), device.name());
      Map<Path, String> started = everywhere();
      started.keySet().removeAll(before);
      assertTrue(started.containsValue("Cpus_allowed_list:\t" + last), started::toString);
    }
  }
}

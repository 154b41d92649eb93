// NvmlTest: what the driver measures, through JavaCPP's preset, answered by a fake of its library.
package dev.gatun.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The fake is described in src/test/native. */
@Tag("emulated")
class NvmlTest {
  private static final Gpu KNOWN =
      new Gpu(
          0, "fake GPU 0", 89, 1L << 30, "10101010-1010-1010-1010-101010101010", "0000:01:00.0");
  private static final Gpu OTHER =
      new Gpu(
          1, "fake GPU 1", 75, 1L << 30, "11111111-1111-1111-1111-111111111111", "0000:02:00.0");
  private static SymbolLookup fake;

  @BeforeAll
  static void loadTheFake() {
    Path folder =
        Path.of(System.getProperty("gatun.library")).resolveSibling("fake-cuda").toAbsolutePath();
    // JavaCPP's library for NVML needs them all.
    System.load(folder.resolve("libcuda.so.1").toString());
    System.load(folder.resolve("libcudart.so.13").toString());
    Path file = folder.resolve("libnvidia-ml.so.1");
    System.load(file.toString());
    fake = SymbolLookup.libraryLookup(file, Arena.global());
    System.setProperty("org.bytedeco.javacpp.cachedir", "target/javacpp");
    assertEquals(Optional.empty(), Nvml.missing());
  }

  private static void set(String name, int value) {
    fake.find(name).orElseThrow().reinterpret(8).set(ValueLayout.JAVA_INT, 0, value);
  }

  @BeforeEach
  void measureEverything() {
    set("fake_by_uuid", 1);
    set("fake_measures", 1);
    set("fake_processes", 0);
  }

  @Test
  void tellsMemoryProcessesPaceAndLink() throws Exception {
    String first = Files.readString(Path.of("/proc/1/comm")).strip();
    assertEquals(
        Optional.of(
            new GpuState(
                Optional.of(new DeviceMemory(1L << 30, 1L << 28)),
                List.of(
                    new GpuProcess(1, Optional.of(first), OptionalLong.of(1L << 29)),
                    new GpuProcess(999_999, Optional.empty(), OptionalLong.empty())),
                new GpuState.Pace(
                    OptionalInt.of(2520),
                    OptionalInt.of(10_501),
                    OptionalInt.of(120),
                    List.of("power cap", "heat")),
                OptionalInt.of(450),
                Optional.of(new GpuState.Link(1, 16, 4, 16)))),
        Nvml.state(KNOWN));
  }

  @Test
  void tellsTheDriversVersion() {
    assertEquals(Optional.of("580.65.06"), Nvml.driver());
  }

  @Test
  void findsGpusByUuidOrAddressAndNotByNumber() {
    assertEquals(Optional.empty(), Nvml.state(OTHER));
    set("fake_by_uuid", 0);
    assertTrue(Nvml.state(KNOWN).isPresent());
    assertEquals(Optional.empty(), Nvml.state(OTHER));
  }

  @Test
  void whatIsNotMeasuredIsEmpty() {
    set("fake_measures", 0);
    GpuState state = Nvml.state(KNOWN).orElseThrow();
    assertEquals(
        new GpuState.Pace(OptionalInt.empty(), OptionalInt.empty(), OptionalInt.empty(), List.of()),
        state.pace());
    assertEquals(OptionalInt.empty(), state.powerLimit());
    assertEquals(Optional.empty(), state.link());
    assertTrue(state.memory().isPresent());
  }

  @Test
  void tellsMoreProcessesThanWereExpected() {
    set("fake_processes", 300);
    List<GpuProcess> processes = Nvml.state(KNOWN).orElseThrow().processes();
    assertEquals(302, processes.size());
    assertEquals(1, processes.getFirst().pid());
    assertEquals("PID 1000000 holds 0.10 GiB", byPid(processes, 1_000_000).toString());
  }

  private static GpuProcess byPid(List<GpuProcess> processes, long pid) {
    return processes.stream().filter(each -> each.pid() == pid).findFirst().orElseThrow();
  }
}

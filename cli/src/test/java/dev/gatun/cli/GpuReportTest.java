// GpuReportTest: what is measured of a GPU, as devices and bench tell it.
package dev.gatun.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.gatun.device.DeviceMemory;
import dev.gatun.device.Gpu;
import dev.gatun.device.GpuProcess;
import dev.gatun.device.GpuState;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class GpuReportTest {
  private static final long GIB = 1L << 30;
  private static final Gpu GPU =
      new Gpu(0, "a GPU", 89, 24 * GIB, "00000000-0000-0000-0000-000000000000", "0000:01:00.0");
  private static final GpuState.Pace FAST = pace(2520, 300);
  private static final GpuState.Pace SLOW = pace(2100, 449, "power cap", "heat");
  private static final GpuState.Pace UNKNOWN =
      new GpuState.Pace(OptionalInt.empty(), OptionalInt.empty(), OptionalInt.empty(), List.of());

  private static GpuState.Pace pace(int clock, int watts, String... slowedBy) {
    return new GpuState.Pace(
        OptionalInt.of(clock), OptionalInt.of(10_501), OptionalInt.of(watts), List.of(slowedBy));
  }

  @Test
  void everythingMeasured() {
    Optional<GpuState> state =
        Optional.of(
            new GpuState(
                Optional.of(new DeviceMemory(24 * GIB, 14 * GIB)),
                List.of(
                    new GpuProcess(4711, Optional.of("python"), OptionalLong.of(9 * GIB)),
                    new GpuProcess(12, Optional.empty(), OptionalLong.empty())),
                SLOW,
                OptionalInt.of(450),
                Optional.of(new GpuState.Link(1, 8, 4, 16))));
    assertEquals("24.00 GiB, 10.00 GiB used", GpuLines.memory(GPU, state));
    assertEquals(
        List.of(
            "PCI 0000:01:00.0, PCIe 1.0 x8 (up to 4.0 x16)",
            "449 W of 450 W, 2100 MHz, 10501 MHz memory, slowed by power cap and heat",
            "PID 4711 python 9.00 GiB",
            "PID 12"),
        GpuLines.of(GPU, state));
  }

  @Test
  void onlyWhoHasANameAndHoldsMuchIsToBeEnded() {
    GpuProcess python = new GpuProcess(1, Optional.of("python"), OptionalLong.of(GIB));
    GpuState state =
        new GpuState(
            Optional.empty(),
            List.of(
                new GpuProcess(2, Optional.empty(), OptionalLong.of(9 * GIB)),
                python,
                new GpuProcess(3, Optional.of("Xorg"), OptionalLong.of(GIB >> 5)),
                new GpuProcess(4, Optional.of("wsl"), OptionalLong.empty())),
            FAST,
            OptionalInt.empty(),
            Optional.empty());
    assertEquals(List.of(python), state.greatest());
  }

  @Test
  void nothingMeasured() {
    Optional<GpuState> unable =
        Optional.of(
            new GpuState(
                Optional.empty(), List.of(), UNKNOWN, OptionalInt.of(450), Optional.empty()));
    for (Optional<GpuState> state : List.of(unable, Optional.<GpuState>empty())) {
      assertEquals("24.00 GiB", GpuLines.memory(GPU, state));
      assertEquals(List.of("PCI 0000:01:00.0"), GpuLines.of(GPU, state));
    }
  }

  @Test
  void aThrottledRunIsSeenThoughItRecovered() {
    GpuPace pace = new GpuPace(List.of(FAST, SLOW, FAST));
    Map<String, Object> expected = new LinkedHashMap<>();
    expected.put("gpu_sm_mhz_before", 2520);
    expected.put("gpu_sm_mhz_after", 2520);
    expected.put("gpu_memory_mhz_before", 10_501);
    expected.put("gpu_memory_mhz_after", 10_501);
    expected.put("gpu_watts_before", 300);
    expected.put("gpu_watts_after", 300);
    expected.put("gpu_slowed_by", "heat and power cap");
    assertEquals(expected, pace.fields());
    assertEquals(List.copyOf(expected.keySet()), List.copyOf(pace.fields().keySet()));
    assertEquals("2520 > 2520 MHz, heat and power cap", pace.toString());
  }

  @Test
  void whatIsNotMeasuredIsNoNumber() {
    assertEquals("", new GpuPace(List.of(UNKNOWN)).fields().get("gpu_watts_after"));
    assertEquals("", new GpuPace(List.of(UNKNOWN)).toString());
    assertFalse(new GpuPace(List.of()).measured());
  }
}

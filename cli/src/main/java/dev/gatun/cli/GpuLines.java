// GpuLines: what is measured of a GPU, in lines for people.
package dev.gatun.cli;

import dev.gatun.device.DeviceMemory;
import dev.gatun.device.Gpu;
import dev.gatun.device.GpuProcess;
import dev.gatun.device.GpuState;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;

/** What is not measured is left out. */
final class GpuLines {
  private GpuLines() {}

  /** 23.99 GiB, 10.79 GiB used. */
  static String memory(Gpu gpu, Optional<GpuState> state) {
    Optional<DeviceMemory> measured = state.flatMap(GpuState::memory);
    return Amount.bytes(measured.map(DeviceMemory::total).orElse(gpu.memory()))
        + measured
            .map(memory -> ", " + Amount.bytes(memory.total() - memory.free()) + " used")
            .orElse("");
  }

  /** The lines below the table's row. */
  static List<String> of(Gpu gpu, Optional<GpuState> state) {
    List<String> lines = new ArrayList<>();
    lines.add("PCI " + gpu.bus() + state.flatMap(GpuState::link).map(GpuLines::link).orElse(""));
    state.ifPresent(
        measured -> {
          String pace = pace(measured);
          if (!pace.isEmpty()) {
            lines.add(pace);
          }
          measured.processes().forEach(process -> lines.add(holder(process)));
        });
    return lines;
  }

  private static String link(GpuState.Link link) {
    return String.format(
        Locale.ROOT,
        ", PCIe %d.0 x%d (up to %d.0 x%d)",
        link.generation(),
        link.width(),
        link.mostGeneration(),
        link.mostWidth());
  }

  private static String pace(GpuState state) {
    GpuState.Pace pace = state.pace();
    List<String> parts = new ArrayList<>();
    measured(parts, pace.watts(), " W" + of(state.powerLimit()));
    measured(parts, pace.smClock(), " MHz");
    measured(parts, pace.memoryClock(), " MHz memory");
    if (!pace.slowedBy().isEmpty()) {
      parts.add("slowed by " + String.join(" and ", pace.slowedBy()));
    }
    return String.join(", ", parts);
  }

  private static String of(OptionalInt limit) {
    return limit.isPresent() ? " of " + limit.getAsInt() + " W" : "";
  }

  private static void measured(List<String> parts, OptionalInt value, String unit) {
    value.ifPresent(number -> parts.add(number + unit));
  }

  private static String holder(GpuProcess process) {
    return process.title()
        + (process.bytes().isPresent() ? " " + Amount.bytes(process.bytes().getAsLong()) : "");
  }
}

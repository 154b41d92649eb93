// GpuPace: how fast a GPU ran before, during and after a test, so that a throttled run is seen.
package dev.gatun.cli;

import dev.gatun.device.GpuState;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * @param readings after the warm-up and after each repetition; empty where nothing is measured
 */
record GpuPace(List<GpuState.Pace> readings) {

  boolean measured() {
    return !readings.isEmpty();
  }

  /** Columns of a result; empty cells for what is not measured. */
  Map<String, Object> fields() {
    Map<String, Object> fields = new LinkedHashMap<>();
    put(fields, "gpu_sm_mhz", GpuState.Pace::smClock);
    put(fields, "gpu_memory_mhz", GpuState.Pace::memoryClock);
    put(fields, "gpu_watts", GpuState.Pace::watts);
    fields.put("gpu_slowed_by", slowedBy());
    return fields;
  }

  private void put(
      Map<String, Object> fields, String name, Function<GpuState.Pace, OptionalInt> value) {
    fields.put(name + "_before", cell(value.apply(readings.getFirst())));
    fields.put(name + "_after", cell(value.apply(readings.getLast())));
  }

  private static Object cell(OptionalInt value) {
    return value.isPresent() ? (Object) value.getAsInt() : "";
  }

  /** What any reading named. */
  private String slowedBy() {
    return String.join(
        " and ",
        new TreeSet<>(readings.stream().flatMap(each -> each.slowedBy().stream()).toList()));
  }

  /** 2520 > 2475 MHz, power cap. */
  @Override
  public String toString() {
    List<String> parts = new ArrayList<>();
    OptionalInt before = readings.getFirst().smClock();
    OptionalInt after = readings.getLast().smClock();
    if (before.isPresent() && after.isPresent()) {
      parts.add(before.getAsInt() + " > " + after.getAsInt() + " MHz");
    }
    Stream.of(slowedBy()).filter(text -> !text.isEmpty()).forEach(parts::add);
    return String.join(", ", parts);
  }
}

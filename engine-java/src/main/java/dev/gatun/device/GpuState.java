// GpuState: what the driver measures of a GPU at one moment.
package dev.gatun.device;

import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * What a GPU or its driver does not measure is empty.
 *
 * @param memory as all processes together have it
 * @param processes other than this one that hold memory, the greatest first
 * @param powerLimit watts
 */
public record GpuState(
    Optional<DeviceMemory> memory,
    List<GpuProcess> processes,
    Pace pace,
    OptionalInt powerLimit,
    Optional<Link> link) {
  private static final int MOST_NAMED = 3;
  private static final long WORTH_NAMING = 64L << 20;

  /**
   * Who holds so much that ending it would make room, the greatest first. Only who has a name:
   * within a container the driver's numbers are the host's, and one of them is this process.
   */
  public List<GpuProcess> greatest() {
    return processes.stream()
        .filter(process -> process.name().isPresent())
        .filter(process -> process.bytes().orElse(0) >= WORTH_NAMING)
        .limit(MOST_NAMED)
        .toList();
  }

  /**
   * How fast it runs just now.
   *
   * @param smClock of the multiprocessors, MHz
   * @param memoryClock MHz
   * @param watts drawn, on average over the last second
   * @param slowedBy what keeps the clocks down, in words: "power cap"; not that it has nothing to
   *     do
   */
  public record Pace(
      OptionalInt smClock, OptionalInt memoryClock, OptionalInt watts, List<String> slowedBy) {}

  /**
   * PCIe, which idles at a lower generation than it reaches.
   *
   * @param most that card and board reach together
   */
  public record Link(int generation, int width, int mostGeneration, int mostWidth) {}
}

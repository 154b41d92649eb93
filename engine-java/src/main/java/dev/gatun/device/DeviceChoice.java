// DeviceChoice: the device a caller asks for, and how to run it.
package dev.gatun.device;

import dev.gatun.refusal.Refusal;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * @param index of the GPU among those the driver shows, from 0
 * @param threads of the CPU back end, 1 to 1024
 * @param isa of the CPU back end
 * @param graphs whether a GPU's steps are recorded as CUDA graphs
 * @param memory most bytes that a simulated device allocates, on the CPU; else ALL_MEMORY
 * @param processors that the CPU's threads are bound to, one for each; empty where they may run on
 *     any
 */
public record DeviceChoice(
    Kind kind,
    int index,
    int threads,
    Isa isa,
    boolean graphs,
    long memory,
    Optional<Processors> processors) {

  /** As much memory as there is. */
  public static final long ALL_MEMORY = Long.MAX_VALUE;

  private static final Pattern NAME =
      Pattern.compile(
          "(?<kind>cpu|cuda|emulated)|cuda:(?<gpu>\\d{1,4})|cpu:(?<list>[\\d+-]+)"
              + "|numa:(?<node>\\d{1,4})");
  private static final Path ROOT = Path.of("/");
  private static final int MOST_THREADS = 1024;

  /** What a name stands for. */
  public enum Kind {
    CPU,
    CUDA,
    /** The CUDA kernels compiled for the CPU: for tests. */
    EMULATED
  }

  public DeviceChoice {
    if (threads < 1 || threads > MOST_THREADS) {
      throw Refusal.usage("threads (-t) is " + threads, "give 1 to " + MOST_THREADS);
    }
  }

  /** All processors of the CPU. */
  public static DeviceChoice cpu() {
    int processors = Math.min(Runtime.getRuntime().availableProcessors(), MOST_THREADS);
    return new DeviceChoice(Kind.CPU, 0, processors, Isa.BEST, true, ALL_MEMORY, Optional.empty());
  }

  /**
   * This choice for the device {@code name}: cpu, cuda, cuda:N or emulated; cpu:0-3, threads of
   * their own processors, one each; numa:0, those of a node of the machine's memory.
   */
  public DeviceChoice named(String name) {
    Matcher matcher = NAME.matcher(name);
    if (!matcher.matches()) {
      throw Refusal.usage(
          "there is no device '" + name + "'",
          "use --device auto, cpu, cpu:0-3, numa:0, cuda or cuda:N (gatun devices)");
    }
    if (matcher.group("list") != null) {
      return on(Processors.parse(matcher.group("list"), "+"));
    }
    if (matcher.group("node") != null) {
      return on(Processors.ofNode(Integer.parseInt(matcher.group("node")), ROOT));
    }
    if (matcher.group("gpu") != null) {
      return of(Kind.CUDA, Integer.parseInt(matcher.group("gpu")));
    }
    return switch (name) {
      case "cuda" -> of(Kind.CUDA, 0);
      case "emulated" -> of(Kind.EMULATED, 0);
      default -> of(Kind.CPU, 0);
    };
  }

  private DeviceChoice of(Kind named, int number) {
    return new DeviceChoice(named, number, threads, isa, graphs, memory, Optional.empty());
  }

  private DeviceChoice on(Processors own) {
    int count = own.count();
    return new DeviceChoice(Kind.CPU, 0, count, isa, graphs, memory, Optional.of(own));
  }

  /** Refusal.usage where it names processors that this process may not use. */
  void requireProcessors() {
    processors.ifPresent(own -> own.require(ROOT));
  }

  public DeviceChoice withThreads(int value) {
    return new DeviceChoice(kind, index, value, isa, graphs, memory, processors);
  }

  /** Threads that may run on any processor. */
  public DeviceChoice unbound() {
    return new DeviceChoice(kind, index, threads, isa, graphs, memory, Optional.empty());
  }

  public DeviceChoice withIsa(Isa value) {
    return new DeviceChoice(kind, index, threads, value, graphs, memory, processors);
  }

  public DeviceChoice withGraphs(boolean value) {
    return new DeviceChoice(kind, index, threads, isa, value, memory, processors);
  }

  /** A device of its own memory that the CPU stands for. */
  public DeviceChoice simulated(long bytes) {
    return new DeviceChoice(Kind.CPU, index, threads, isa, graphs, bytes, processors);
  }

  /** Whether the CPU stands for a device of less memory. */
  public boolean isSimulated() {
    return memory != ALL_MEMORY;
  }

  /** The name that {@link #named} reads; sim of a simulated device. */
  @Override
  public String toString() {
    return switch (kind) {
      case CPU -> isSimulated() ? "sim" : "cpu" + processors.map(own -> ":" + own).orElse("");
      case CUDA -> "cuda:" + index;
      case EMULATED -> "emulated";
    };
  }
}

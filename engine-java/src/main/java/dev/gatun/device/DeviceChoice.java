// DeviceChoice: the device a caller asks for, and how to run it.
package dev.gatun.device;

import dev.gatun.refusal.Refusal;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * @param index of the GPU among those the driver shows, from 0
 * @param threads of the CPU back end, 1 to 1024
 * @param isa of the CPU back end
 * @param graphs whether a GPU's steps are recorded as CUDA graphs
 * @param memory most bytes that a simulated device allocates, on the CPU; else ALL_MEMORY
 */
public record DeviceChoice(
    Kind kind, int index, int threads, Isa isa, boolean graphs, long memory) {

  /** As much memory as there is. */
  public static final long ALL_MEMORY = Long.MAX_VALUE;

  private static final Pattern NAME = Pattern.compile("(cpu|cuda|emulated)|cuda:(\\d{1,4})");
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
    return new DeviceChoice(Kind.CPU, 0, processors, Isa.BEST, true, ALL_MEMORY);
  }

  /** This choice for the device {@code name}: cpu, cuda, cuda:N or emulated. */
  public DeviceChoice named(String name) {
    Matcher matcher = NAME.matcher(name);
    if (!matcher.matches()) {
      throw Refusal.usage(
          "there is no device '" + name + "'",
          "use --device auto, cpu, cuda or cuda:N (gatun devices)");
    }
    if (matcher.group(1) == null) {
      int number = Integer.parseInt(matcher.group(2));
      return new DeviceChoice(Kind.CUDA, number, threads, isa, graphs, memory);
    }
    Kind named =
        switch (name) {
          case "cuda" -> Kind.CUDA;
          case "emulated" -> Kind.EMULATED;
          default -> Kind.CPU;
        };
    return new DeviceChoice(named, 0, threads, isa, graphs, memory);
  }

  public DeviceChoice withThreads(int value) {
    return new DeviceChoice(kind, index, value, isa, graphs, memory);
  }

  public DeviceChoice withIsa(Isa value) {
    return new DeviceChoice(kind, index, threads, value, graphs, memory);
  }

  public DeviceChoice withGraphs(boolean value) {
    return new DeviceChoice(kind, index, threads, isa, value, memory);
  }

  /** A device of its own memory that the CPU stands for. */
  public DeviceChoice simulated(long bytes) {
    return new DeviceChoice(Kind.CPU, index, threads, isa, graphs, bytes);
  }

  /** Whether the CPU stands for a device of less memory. */
  public boolean isSimulated() {
    return memory != ALL_MEMORY;
  }

  /** The name that {@link #named} reads; sim of a simulated device. */
  @Override
  public String toString() {
    return switch (kind) {
      case CPU -> isSimulated() ? "sim" : "cpu";
      case CUDA -> "cuda:" + index;
      case EMULATED -> "emulated";
    };
  }
}

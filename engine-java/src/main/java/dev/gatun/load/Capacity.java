// Capacity: the memory of a device before a model is loaded.
package dev.gatun.load;

import dev.gatun.device.Device;
import dev.gatun.device.DeviceChoice;
import dev.gatun.device.DeviceMemory;
import dev.gatun.device.GpuProcess;
import dev.gatun.device.GpuState;
import dev.gatun.device.HostMemory;
import dev.gatun.refusal.Refusal;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * All sizes in bytes.
 *
 * @param name for display
 * @param bytes of the device
 * @param taken of them, gone before anything is loaded: driver and CUDA context
 * @param reserve that weights and cache leave alone at least, {@code taken} included
 * @param margin that is left at least when everything is loaded
 * @param kind whose memory it is
 * @param others processes that have much of {@code taken}, the greatest first
 */
public record Capacity(
    String name,
    long bytes,
    long taken,
    long reserve,
    long margin,
    Kind kind,
    List<GpuProcess> others) {

  /** Whose memory it is. */
  public enum Kind {
    /** A GPU's: weights keep their file's size and the embedding stays outside. */
    GPU,
    /** That of a device that the CPU stands for. */
    SIMULATED,
    /** The machine's own. */
    HOST
  }

  private static final Pattern SIZE = Pattern.compile("(\\d{1,9}(?:\\.\\d{1,6})?)\\s*([A-Za-z]*)");
  private static final long MIB = 1L << 20;
  private static final long GIB = 1L << 30;

  /**
   * What driver and CUDA context take of a 24 GB card without a display: 23,698 of 24,564 MiB are
   * free when a program starts.
   */
  private static final long GPU_TAKEN = 866 * MIB;

  /** Of a card, for driver, context, activations, workspace and fragmentation together. */
  private static final long GPU_RESERVE = GIB;

  /** A card sold as 24 GB reports 24,564 MiB. */
  private static final long MISSING_OF_A_CARD = 12 * MIB;

  private static final long GPU_MARGIN = 32 * MIB;
  private static final long HOST_MARGIN = 256 * MIB;

  /**
   * A GPU that need not be there: {@code 24G} is a card as sold, which reports 12 MiB less than 24
   * GiB; {@code 24GiB}, {@code 24GB} and {@code 24564M} are exact, M and MiB being 2^20 bytes.
   */
  public static Capacity card(String size) {
    return gpu("a card of " + size, bytes(size), Math.min(bytes(size), GPU_TAKEN), List.of());
  }

  /**
   * A GPU.
   *
   * @param taken bytes that are not free before the model is loaded
   * @param others who has much of them, the greatest first
   */
  public static Capacity gpu(String name, long bytes, long taken, List<GpuProcess> others) {
    return new Capacity(name, bytes, taken, GPU_RESERVE, GPU_MARGIN, Kind.GPU, others);
  }

  /** The memory of a machine, where {@code bytes} could be allocated. */
  public static Capacity host(long bytes) {
    return new Capacity("memory available", bytes, 0, 0, HOST_MARGIN, Kind.HOST, List.of());
  }

  /** Of this machine, before anything is loaded. */
  public static Capacity host() {
    return host(HostMemory.ofMachine().free());
  }

  /** Of a memory that {@code ranks} lie in: what one of them may fill. */
  Capacity share(long share, int ranks) {
    return new Capacity(
        "share of " + (isHost() ? "memory" : name),
        share,
        taken,
        reserve,
        isHost() ? margin / ranks : margin,
        kind,
        others);
  }

  public boolean isGpu() {
    return kind == Kind.GPU;
  }

  public boolean isHost() {
    return kind == Kind.HOST;
  }

  /** The memory of a device that is there, before anything is loaded. */
  static Capacity of(Device device, DeviceChoice choice) {
    DeviceMemory memory = device.memory();
    if (choice.isSimulated()) {
      return new Capacity(device.name(), memory.free(), 0, 0, 0, Kind.SIMULATED, List.of());
    }
    if (choice.kind() != DeviceChoice.Kind.CUDA) {
      return host(memory.free());
    }
    List<GpuProcess> others = device.state().map(GpuState::greatest).orElse(List.of());
    return gpu(device.name(), memory.total(), memory.total() - memory.free(), others);
  }

  /** A size that {@link #bytes} reads as so many: 24G, or a number of MiB or MB. */
  public static String size(long bytes) {
    if ((bytes + MISSING_OF_A_CARD) % GIB == 0) {
      return (bytes + MISSING_OF_A_CARD) / GIB + "G";
    }
    return bytes % MIB == 0 ? bytes / MIB + "M" : String.format(Locale.ROOT, "%.6fMB", bytes / 1e6);
  }

  /** Bytes of a size as {@link #card} reads it. */
  public static long bytes(String size) {
    Matcher matcher = SIZE.matcher(size.strip());
    if (matcher.matches()) {
      double value = Double.parseDouble(matcher.group(1));
      long bytes =
          switch (matcher.group(2).toLowerCase(Locale.ROOT)) {
            case "g" -> (long) (value * GIB) - MISSING_OF_A_CARD;
            case "gib" -> (long) (value * GIB);
            case "gb" -> (long) (value * 1e9);
            case "m", "mib" -> (long) (value * MIB);
            case "mb" -> (long) (value * 1e6);
            default -> 0;
          };
      if (bytes > 0) {
        return bytes;
      }
    }
    throw Refusal.usage(
        "--vram '" + size + "' is no size of a card", "give 24G, 24564M, 24GiB or 24GB");
  }
}

// Nvml: the driver's management library through JavaCPP: memory, processes, clocks, power.
package dev.gatun.device;

import static org.bytedeco.cuda.global.nvml.*;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.bytedeco.cuda.nvml.nvmlDevice_st;
import org.bytedeco.cuda.nvml.nvmlMemory_t;
import org.bytedeco.cuda.nvml.nvmlProcessInfo_v2_t;
import org.bytedeco.javacpp.BytePointer;

/**
 * Never needed and never fatal: what it does not answer is empty. GPUs are found by UUID or PCI
 * address, since it numbers them otherwise than CUDA does and knows nothing of
 * CUDA_VISIBLE_DEVICES.
 */
final class Nvml {
  private static final String LIBRARY = "libnvidia-ml.so.1";

  /** Asked for beforehand: a function that an old driver lacks would end the process. */
  private static final List<String> FUNCTIONS =
      List.of(
          "nvmlInit_v2",
          "nvmlErrorString",
          "nvmlSystemGetDriverVersion",
          "nvmlDeviceGetHandleByUUID",
          "nvmlDeviceGetHandleByPciBusId_v2",
          "nvmlDeviceGetMemoryInfo",
          "nvmlDeviceGetComputeRunningProcesses_v3",
          "nvmlDeviceGetGraphicsRunningProcesses_v3",
          "nvmlDeviceGetClockInfo",
          "nvmlDeviceGetCurrentClocksEventReasons",
          "nvmlDeviceGetPowerUsage",
          "nvmlDeviceGetEnforcedPowerLimit",
          "nvmlDeviceGetCurrPcieLinkGeneration",
          "nvmlDeviceGetCurrPcieLinkWidth",
          "nvmlDeviceGetMaxPcieLinkGeneration",
          "nvmlDeviceGetMaxPcieLinkWidth");

  /** Bits of nvmlClocksEventReasons (source: nvml.h), lowest first; the first is idleness. */
  private static final List<String> REASONS =
      List.of(
          "",
          "clocks set by hand",
          "power cap",
          "hardware slowdown",
          "sync boost",
          "heat",
          "heat (hardware)",
          "power brake",
          "display clocks");

  private static final int FIRST_PROCESSES = 32;
  private static final int ATTEMPTS = 3;

  // Kept open until the process ends.
  private static final Optional<String> MISSING = load();

  private Nvml() {}

  /** Why nothing is measured; empty where something is. */
  static Optional<String> missing() {
    return MISSING;
  }

  private static Optional<String> load() {
    SymbolLookup symbols;
    try {
      symbols = SymbolLookup.libraryLookup(LIBRARY, Arena.global());
    } catch (IllegalArgumentException e) {
      return Optional.of("the driver's library " + LIBRARY + " is not found");
    }
    for (String function : FUNCTIONS) {
      if (symbols.find(function).isEmpty()) {
        return Optional.of(LIBRARY + " is too old, it has no " + function);
      }
    }
    try {
      CudaDevices.configureJavaCpp();
      org.bytedeco.javacpp.Loader.load(org.bytedeco.cuda.global.nvml.class);
      int status = nvmlInit_v2();
      return status == NVML_SUCCESS
          ? Optional.empty()
          : Optional.of(LIBRARY + " does not answer: " + nvmlErrorString(status).getString());
    } catch (LinkageError e) {
      return Optional.of("JavaCPP's library for it cannot be loaded: " + CudaDevices.why(e));
    }
  }

  static Optional<String> driver() {
    byte[] version = new byte[80];
    return MISSING.isEmpty() && nvmlSystemGetDriverVersion(version, version.length) == NVML_SUCCESS
        ? Optional.of(JavaCppGpus.text(version))
        : Optional.empty();
  }

  /** Empty where nothing is measured, or the driver does not know the GPU. */
  static Optional<GpuState> state(Gpu gpu) {
    return MISSING.isPresent() ? Optional.empty() : handle(gpu).map(Nvml::state);
  }

  private static Optional<nvmlDevice_st> handle(Gpu gpu) {
    nvmlDevice_st device = new nvmlDevice_st();
    for (String prefix : List.of("GPU-", "MIG-")) {
      try (BytePointer uuid = new BytePointer(prefix + gpu.uuid())) {
        if (nvmlDeviceGetHandleByUUID(uuid, device) == NVML_SUCCESS) {
          return Optional.of(device);
        }
      }
    }
    try (BytePointer bus = new BytePointer(gpu.bus())) {
      return nvmlDeviceGetHandleByPciBusId_v2(bus, device) == NVML_SUCCESS
          ? Optional.of(device)
          : Optional.empty();
    }
  }

  private static GpuState state(nvmlDevice_st device) {
    return new GpuState(
        memory(device),
        processes(device),
        new GpuState.Pace(
            number(value -> nvmlDeviceGetClockInfo(device, NVML_CLOCK_SM, value)),
            number(value -> nvmlDeviceGetClockInfo(device, NVML_CLOCK_MEM, value)),
            watts(number(value -> nvmlDeviceGetPowerUsage(device, value))),
            slowedBy(device)),
        watts(number(value -> nvmlDeviceGetEnforcedPowerLimit(device, value))),
        link(device));
  }

  private interface Query {
    int ask(int[] value);
  }

  private static OptionalInt number(Query query) {
    int[] value = new int[1];
    return query.ask(value) == NVML_SUCCESS ? OptionalInt.of(value[0]) : OptionalInt.empty();
  }

  private static OptionalInt watts(OptionalInt milliwatts) {
    return milliwatts.isPresent()
        ? OptionalInt.of((milliwatts.getAsInt() + 500) / 1000)
        : milliwatts;
  }

  private static Optional<DeviceMemory> memory(nvmlDevice_st device) {
    try (nvmlMemory_t memory = new nvmlMemory_t()) {
      return nvmlDeviceGetMemoryInfo(device, memory) == NVML_SUCCESS
          ? Optional.of(new DeviceMemory(memory.total(), memory.total() - memory.used()))
          : Optional.empty();
    }
  }

  private static List<String> slowedBy(nvmlDevice_st device) {
    long[] bits = new long[1];
    List<String> reasons = new ArrayList<>();
    if (nvmlDeviceGetCurrentClocksEventReasons(device, bits) == NVML_SUCCESS) {
      for (int bit = 1; bit < REASONS.size(); bit++) {
        if ((bits[0] >> bit & 1) != 0) {
          reasons.add(REASONS.get(bit));
        }
      }
    }
    return reasons;
  }

  private static Optional<GpuState.Link> link(nvmlDevice_st device) {
    OptionalInt generation = number(value -> nvmlDeviceGetCurrPcieLinkGeneration(device, value));
    OptionalInt width = number(value -> nvmlDeviceGetCurrPcieLinkWidth(device, value));
    if (generation.isEmpty() || width.isEmpty()) {
      return Optional.empty();
    }
    OptionalInt most = number(value -> nvmlDeviceGetMaxPcieLinkGeneration(device, value));
    OptionalInt mostWidth = number(value -> nvmlDeviceGetMaxPcieLinkWidth(device, value));
    return Optional.of(
        new GpuState.Link(
            generation.getAsInt(),
            width.getAsInt(),
            most.orElse(generation.getAsInt()),
            mostWidth.orElse(width.getAsInt())));
  }

  private interface Listing {
    int ask(int[] count, nvmlProcessInfo_v2_t processes);
  }

  // Who draws on a screen and who computes are two lists, and some processes are in both.
  private static List<GpuProcess> processes(nvmlDevice_st device) {
    Map<Long, Long> held = new HashMap<>();
    add(held, (count, list) -> nvmlDeviceGetComputeRunningProcesses_v3(device, count, list));
    add(held, (count, list) -> nvmlDeviceGetGraphicsRunningProcesses_v3(device, count, list));
    held.remove(ProcessHandle.current().pid());
    return held.entrySet().stream()
        .sorted(Map.Entry.<Long, Long>comparingByValue(Comparator.reverseOrder()))
        .map(entry -> process(entry.getKey(), entry.getValue()))
        .toList();
  }

  private static void add(Map<Long, Long> held, Listing listing) {
    int room = FIRST_PROCESSES;
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      int[] count = {room};
      try (nvmlProcessInfo_v2_t processes = new nvmlProcessInfo_v2_t(room)) {
        int status = listing.ask(count, processes);
        if (status == NVML_SUCCESS) {
          for (int i = 0; i < count[0]; i++) {
            nvmlProcessInfo_v2_t one = processes.getPointer(i);
            held.merge(Integer.toUnsignedLong(one.pid()), one.usedGpuMemory(), Math::max);
          }
        }
        if (status != NVML_ERROR_INSUFFICIENT_SIZE) {
          return;
        }
      }
      room = count[0] + FIRST_PROCESSES; // more may come meanwhile
    }
  }

  /**
   * @param bytes NVML_VALUE_NOT_AVAILABLE, which is negative, where the driver does not tell
   */
  private static GpuProcess process(long pid, long bytes) {
    Optional<String> name;
    try {
      name = Optional.of(Files.readString(Path.of("/proc", String.valueOf(pid), "comm")).strip());
    } catch (IOException e) {
      name = Optional.empty();
    }
    return new GpuProcess(pid, name, bytes < 0 ? OptionalLong.empty() : OptionalLong.of(bytes));
  }
}

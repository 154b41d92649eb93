// Machine: what Linux tells of this machine and this process.
package dev.gatun.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;

/** Reads /proc; a field that is not there is answered by what Java knows, or as unknown. */
final class Machine {
  private static final Path CPUINFO = Path.of("/proc/cpuinfo");
  private static final Path MEMINFO = Path.of("/proc/meminfo");
  private static final Path STATUS = Path.of("/proc/self/status");

  private Machine() {}

  /** The processor's name, "unknown CPU" where Linux does not tell. */
  static String cpuName() {
    return lines(CPUINFO).stream()
        .filter(line -> line.startsWith("model name"))
        .map(Machine::value)
        .findFirst()
        .orElse("unknown CPU");
  }

  /**
   * Physical cores, at most the processors this process may use: a core's second hyper-thread adds
   * nothing to a loop that is bound by memory or by the vector units.
   */
  static int cores() {
    // Java counts what affinity and the control groups' quota allow, rounded up.
    return cores(CPUINFO, Runtime.getRuntime().availableProcessors());
  }

  static int cores(Path cpuinfo, int processors) {
    Set<String> cores = new HashSet<>();
    String socket = "";
    for (String line : lines(cpuinfo)) {
      if (line.startsWith("physical id")) {
        socket = value(line);
      } else if (line.startsWith("core id")) {
        cores.add(socket + "/" + value(line));
      }
    }
    return cores.isEmpty() ? processors : Math.min(processors, cores.size());
  }

  /** Bytes of memory of the machine. */
  static OptionalLong memory() {
    return kibibytes(MEMINFO, "MemTotal");
  }

  /** Bytes that could be allocated now without swapping. */
  static OptionalLong memoryAvailable() {
    return kibibytes(MEMINFO, "MemAvailable");
  }

  /** Most bytes this process has held in memory so far, mapped files included. */
  static OptionalLong peakMemory() {
    return kibibytes(STATUS, "VmHWM");
  }

  private static OptionalLong kibibytes(Path file, String field) {
    return lines(file).stream()
        .filter(line -> line.startsWith(field + ":"))
        .map(line -> value(line).replace("kB", "").strip())
        .mapToLong(number -> Long.parseLong(number) << 10)
        .findFirst();
  }

  private static String value(String line) {
    return line.substring(line.indexOf(':') + 1).strip();
  }

  private static List<String> lines(Path file) {
    try {
      return Files.readAllLines(file);
    } catch (IOException e) {
      return List.of();
    }
  }
}

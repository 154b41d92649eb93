// GpuProcess: another process that holds memory of a GPU.
package dev.gatun.device;

import java.util.OptionalLong;

/**
 * @param name "process" where it cannot be read
 * @param bytes that it holds; empty where the driver does not tell
 */
public record GpuProcess(long pid, String name, OptionalLong bytes) {

  /** PID 4711 python holds 9.20 GiB. */
  @Override
  public String toString() {
    return "PID "
        + pid
        + " "
        + name
        + " holds "
        + (bytes.isPresent() ? Library.gibibytes(bytes.getAsLong()) : "an unknown amount");
  }
}

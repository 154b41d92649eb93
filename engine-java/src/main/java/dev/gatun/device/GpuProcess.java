// GpuProcess: another process that holds memory of a GPU.
package dev.gatun.device;

import java.util.Optional;
import java.util.OptionalLong;

/**
 * @param name empty where it cannot be read: of another user, or seen from within a container
 * @param bytes that it holds; empty where the driver does not tell
 */
public record GpuProcess(long pid, Optional<String> name, OptionalLong bytes) {

  /** PID 4711 python. */
  public String title() {
    return "PID " + pid + name.map(text -> " " + text).orElse("");
  }

  /** PID 4711 python holds 9.20 GiB. */
  @Override
  public String toString() {
    return title()
        + " holds "
        + (bytes.isPresent() ? Library.gibibytes(bytes.getAsLong()) : "an unknown amount");
  }
}

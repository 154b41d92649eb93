// ControlGroups: what the control groups of this process leave it of the machine's memory.
package dev.gatun.device;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A container's limit does not show in /proc/meminfo, and who takes more is killed. Both versions
 * are read, also where both are mounted. What is missing or makes no sense limits nothing.
 *
 * @param root of the file system: "/", or a tree that a test has made
 */
record ControlGroups(Path root) {
  /** Numbers of a folder of the tree; a group's own ones come with those of the groups in it. */
  private enum Version {
    /** Source: Documentation/admin-guide/cgroup-v1/memory.rst of Linux. */
    V1(
        List.of("memory.limit_in_bytes"),
        "memory.usage_in_bytes",
        List.of("total_inactive_file", "total_active_file")),
    /**
     * Source: Documentation/admin-guide/cgroup-v2.rst of Linux. Above memory.high a process is not
     * killed, but hardly runs any more.
     */
    V2(
        List.of("memory.max", "memory.high"),
        "memory.current",
        List.of("inactive_file", "active_file", "slab_reclaimable"));

    private final List<String> limits;
    private final String usage;

    /**
     * Of memory.stat: what the kernel drops when others need the memory, as MemAvailable has it.
     */
    private final List<String> reclaimable;

    Version(List<String> limits, String usage, List<String> reclaimable) {
      this.limits = limits;
      this.usage = usage;
      this.reclaimable = reclaimable;
    }
  }

  /**
   * A part of a tree of groups, and where it is mounted.
   *
   * @param top path, in the tree, of the group that is mounted
   * @param folder where it is mounted, below {@link #root}
   */
  private record Mount(Version version, String top, Path folder) {}

  private static final DeviceMemory UNLIMITED = new DeviceMemory(Long.MAX_VALUE, Long.MAX_VALUE);
  private static final Pattern OCTAL = Pattern.compile("\\\\([0-7]{3})");

  /**
   * The least limit of a group that this process is in, and the least that a group leaves, both
   * Long.MAX_VALUE where there is no limit.
   */
  DeviceMemory memory() {
    DeviceMemory least = UNLIMITED;
    for (String line : lines(root.resolve("proc/self/mountinfo"))) {
      Mount mount = mount(line);
      if (mount != null) {
        least = least(least, memory(mount));
      }
    }
    return least;
  }

  static DeviceMemory least(DeviceMemory a, DeviceMemory b) {
    return new DeviceMemory(Math.min(a.total(), b.total()), Math.min(a.free(), b.free()));
  }

  /**
   * What a line of /proc/self/mountinfo mounts (source: proc(5)); null where it is no such tree.
   */
  private Mount mount(String line) {
    String[] halves = line.split(" - ", 2);
    String[] where = halves[0].split(" ");
    String[] what = halves[halves.length - 1].split(" ");
    if (halves.length < 2 || where.length < 5 || what.length < 3) {
      return null;
    }
    Path folder = root.resolve(unescaped(where[4]).replaceFirst("^/+", ""));
    if (what[0].equals("cgroup2")) {
      return new Mount(Version.V2, unescaped(where[3]), folder);
    }
    boolean ofMemory = what[0].equals("cgroup") && List.of(what[2].split(",")).contains("memory");
    return ofMemory ? new Mount(Version.V1, unescaped(where[3]), folder) : null;
  }

  /** The kernel writes spaces and the like as \040. */
  private static String unescaped(String path) {
    return OCTAL
        .matcher(path)
        .replaceAll(
            found ->
                Matcher.quoteReplacement(Character.toString(Integer.parseInt(found.group(1), 8))));
  }

  private DeviceMemory memory(Mount mount) {
    DeviceMemory least = UNLIMITED;
    Path own = own(mount);
    for (Path group = own;
        group != null && group.startsWith(mount.folder());
        group = group.getParent()) {
      if (!group.equals(own) && text(group.resolve("memory.use_hierarchy")).equals("0")) {
        break; // of version 1: this group does not count those in it
      }
      least = least(least, memory(mount.version(), group));
    }
    return least;
  }

  /** The folder of this process's group, as far down as the tree is to be seen from here. */
  private Path own(Mount mount) {
    Path folder = mount.folder();
    for (String name : below(mount.top(), path(mount.version())).split("/")) {
      Path next = folder.resolve(name);
      if (name.equals("..") || !Files.isDirectory(next)) {
        return folder; // of a process that was started outside of the namespace it sees
      }
      folder = next;
    }
    return folder;
  }

  /** {@code path} as seen from {@code top}; empty where it is not below. */
  private static String below(String top, String path) {
    String start = top.equals("/") ? "" : top;
    return path.startsWith(start + "/") ? path.substring(start.length() + 1) : "";
  }

  /** This process's path in the tree; empty where /proc does not tell. */
  private String path(Version version) {
    for (String line : lines(root.resolve("proc/self/cgroup"))) {
      String[] parts = line.split(":", 3); // number, controllers, path
      if (parts.length == 3
          && (version == Version.V2
              ? line.startsWith("0::")
              : List.of(parts[1].split(",")).contains("memory"))) {
        return parts[2];
      }
    }
    return "";
  }

  private static DeviceMemory memory(Version version, Path group) {
    long limit =
        version.limits.stream()
            .mapToLong(name -> bytes(text(group.resolve(name)), Long.MAX_VALUE))
            .min()
            .orElse(Long.MAX_VALUE);
    if (limit == Long.MAX_VALUE) {
      return UNLIMITED;
    }
    long used = bytes(text(group.resolve(version.usage)), 0);
    for (String line : lines(group.resolve("memory.stat"))) {
      String[] parts = line.split(" ", 2);
      if (parts.length == 2 && version.reclaimable.contains(parts[0])) {
        used -= Math.min(used, bytes(parts[1].strip(), 0));
      }
    }
    return new DeviceMemory(limit, Math.max(0, limit - used));
  }

  /** {@code absent} for what is no number, such as "max"; Long.MAX_VALUE for one that is larger. */
  private static long bytes(String text, long absent) {
    if (!text.matches("[0-9]+")) {
      return absent;
    }
    try {
      return Long.parseLong(text);
    } catch (NumberFormatException tooLarge) {
      return Long.MAX_VALUE;
    }
  }

  /** The first line; empty where there is none. */
  private static String text(Path file) {
    List<String> lines = lines(file);
    return lines.isEmpty() ? "" : lines.getFirst().strip();
  }

  private static List<String> lines(Path file) {
    try {
      return Files.readAllLines(file);
    } catch (IOException e) {
      return List.of();
    }
  }
}

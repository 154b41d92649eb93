// Processors: some of the machine's logical processors, which threads can be bound to.
package dev.gatun.device;

import dev.gatun.refusal.Refusal;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.StringJoiner;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/**
 * By Linux's numbers, from 0. A thread that is started by a bound one is bound alike, and what it
 * touches first lies in the memory nearest to it.
 */
public final class Processors {
  private static final Pattern RANGE = Pattern.compile("(?<first>\\d{1,4})(?:-(?<last>\\d{1,4}))?");
  private static final String STATUS = "proc/self/status";
  private static final String ALLOWED = "Cpus_allowed_list:";

  private final BitSet numbers;

  private Processors(BitSet numbers) {
    this.numbers = numbers;
  }

  /**
   * {@code 0-3}, {@code 4}, {@code 0-3+8-11}; Refusal.usage where it is no such list.
   *
   * @param separator between ranges: "+", or "," as Linux writes them
   */
  static Processors parse(String list, String separator) {
    BitSet numbers = new BitSet();
    for (String range : list.strip().split(Pattern.quote(separator), -1)) {
      Matcher matcher = RANGE.matcher(range);
      boolean read = matcher.matches();
      int first = read ? Integer.parseInt(matcher.group("first")) : 0;
      int last =
          read && matcher.group("last") != null ? Integer.parseInt(matcher.group("last")) : first;
      if (!read || last < first) {
        throw Refusal.usage(
            "'" + list + "' names no processors", "name them as 0-3, or 0-3" + separator + "8-11");
      }
      numbers.set(first, last + 1);
    }
    return new Processors(numbers);
  }

  /** Those that this process may use: the machine's, its container's, its launcher's. */
  static Processors allowed(Path root) {
    try {
      for (String line : Files.readAllLines(root.resolve(STATUS))) {
        if (line.startsWith(ALLOWED)) {
          return parse(line.substring(ALLOWED.length()), ",");
        }
      }
    } catch (IOException e) {
      throw unknown(root.resolve(STATUS), e);
    }
    throw unknown(root.resolve(STATUS), null);
  }

  /** Those of a NUMA node that this process may use; Refusal.usage where there are none. */
  static Processors ofNode(int node, Path root) {
    Path nodes = root.resolve("sys/devices/system/node");
    Path list = nodes.resolve("node" + node).resolve("cpulist");
    if (!Files.exists(list)) {
      throw Refusal.usage(
          "there is no NUMA node " + node, "see " + nodes + " for those of this machine");
    }
    try {
      String text = Files.readString(list);
      BitSet numbers = text.isBlank() ? new BitSet() : parse(text, ",").numbers;
      numbers.and(allowed(root).numbers);
      if (numbers.isEmpty()) {
        throw Refusal.usage(
            "no processor of NUMA node " + node + " is this process's",
            "it may use " + allowed(root));
      }
      return new Processors(numbers);
    } catch (IOException e) {
      throw unknown(list, e);
    }
  }

  private static Refusal unknown(Path file, IOException cause) {
    return Refusal.device(file + " does not tell the processors", "name no processors", cause);
  }

  /** Refusal.usage where one is not there, or not this process's. */
  void require(Path root) {
    Processors allowed = allowed(root);
    BitSet lacking = (BitSet) numbers.clone();
    lacking.andNot(allowed.numbers);
    if (!lacking.isEmpty()) {
      throw Refusal.usage(
          "this process may not use processor " + new Processors(lacking),
          "name some of " + allowed);
    }
  }

  public int count() {
    return numbers.cardinality();
  }

  /** Those that both have; of none {@link #count} is 0. */
  public Processors common(Processors other) {
    BitSet both = (BitSet) numbers.clone();
    both.and(other.numbers);
    return new Processors(both);
  }

  IntStream numbers() {
    return numbers.stream();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Processors others && numbers.equals(others.numbers);
  }

  @Override
  public int hashCode() {
    return numbers.hashCode();
  }

  /** {@code 0-3+8}. */
  @Override
  public String toString() {
    StringJoiner ranges = new StringJoiner("+");
    int[] all = numbers.stream().toArray();
    int from = 0;
    for (int i = 1; i <= all.length; i++) {
      if (i == all.length || all[i] != all[i - 1] + 1) {
        ranges.add(from == i - 1 ? "" + all[from] : all[from] + "-" + all[i - 1]);
        from = i;
      }
    }
    return ranges.toString();
  }
}

// Exchanges: how ops of a step hand their tensors to other ranks and take those of others.
package dev.gatun.op;

import dev.gatun.device.Buffer;
import dev.gatun.device.Device;
import dev.gatun.device.HostView;
import dev.gatun.device.Mark;
import dev.gatun.ranks.Exchange;
import dev.gatun.ranks.Group;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.IntStream;

/**
 * Ranks exchange bytes in host memory: on a CPU tensors lie there, on a GPU they are copied. For
 * the thread of the device.
 */
public final class Exchanges {
  private final Device device;
  private final Function<List<Integer>, Group> groups;
  private final Map<Integer, Exchange> open = new HashMap<>();
  private final Map<Integer, int[]> owners = new HashMap<>();
  private final AtomicLongArray expertRows;

  /**
   * @param groups the group of some ranks; the same one for the same ranks
   * @param ranks of which each has some of the experts
   */
  public Exchanges(Device device, Function<List<Integer>, Group> groups, int ranks) {
    this.device = device;
    this.groups = groups;
    expertRows = new AtomicLongArray(ranks);
  }

  /** For ops that hand nothing over. */
  public static Exchanges none(Device device) {
    return new Exchanges(
        device,
        members -> {
          throw new IllegalStateException("no other devices, and an exchange with " + members);
        },
        1);
  }

  /**
   * Rows (token, expert) that each rank's experts have computed so far, in the layers that this
   * rank takes part in. From any thread.
   */
  public List<Long> expertRows() {
    return IntStream.range(0, expertRows.length()).mapToObj(expertRows::get).toList();
  }

  /** Rank {@code rank} computes so many rows of experts. */
  void countExpertRows(int rank, long rows) {
    expertRows.addAndGet(rank, rows);
  }

  Group group(List<Integer> members) {
    return groups.apply(members);
  }

  /** Keeps what a publishing op has begun for the op that collects it. */
  void keep(int id, Exchange exchange) {
    open.put(id, exchange);
  }

  Exchange kept(int id) {
    return open.remove(id);
  }

  /** As {@link #keep}, and whose each row is. */
  void keep(int id, Exchange exchange, int[] ofRows) {
    keep(id, exchange);
    owners.put(id, ofRows);
  }

  int[] keptOwners(int id) {
    return owners.remove(id);
  }

  /** A buffer that the host looks into. */
  record Reading(Buffer buffer, HostView view) {}

  Reading reading(Buffer buffer, Arena arena) {
    return new Reading(buffer, device.view("what goes to other devices", buffer.bytes(), arena));
  }

  /** What the buffers hold now, after one wait for the device. */
  List<MemorySegment> read(List<Reading> readings) {
    if (readings.isEmpty()) {
      return List.of();
    }
    readings.forEach(reading -> reading.view.refresh(reading.buffer));
    device.sync();
    return readings.stream().map(reading -> reading.view.content(reading.buffer)).toList();
  }

  /** Fills the host's side of a buffer, and then the buffer. */
  interface Writing {
    void fill(Consumer<MemorySegment> content);
  }

  Writing writing(Buffer buffer, Arena arena) {
    if (!device.isGpu()) {
      return content -> content.accept(buffer.segment());
    }
    MemorySegment host = device.hostMemory("what comes from other devices", buffer.bytes(), arena);
    Mark uploaded = device.mark(arena);
    return content -> {
      uploaded.await(); // in the step before
      content.accept(host);
      device.upload(host, buffer);
      uploaded.set();
    };
  }
}

// Exchanges: how ops of a step hand their tensors to other ranks and take those of others.
package dev.gatun.op;

import dev.gatun.device.Block;
import dev.gatun.device.Buffer;
import dev.gatun.device.Device;
import dev.gatun.device.HostView;
import dev.gatun.device.Mark;
import dev.gatun.ranks.Group;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.function.Function;
import java.util.function.LongConsumer;
import java.util.stream.IntStream;

/**
 * Ranks exchange bytes in host memory, or in that of their GPUs. A GPU copies from and to it by
 * itself, in the order of its work. For the thread of the device.
 */
public final class Exchanges {
  private final Device device;
  private final Function<List<Integer>, Group> groups;
  private final LongConsumer nanos;
  private final Map<List<Integer>, Channel> channels = new HashMap<>();
  private final Map<Integer, Handover> open = new HashMap<>();
  private final Map<Integer, int[]> owners = new HashMap<>();
  private final AtomicLongArray expertRows;

  /**
   * @param groups the group of some ranks; the same one for the same ranks
   * @param ranks of which each has some of the experts
   * @param nanos hears how long a GPU waited for others and copied what they gave, later
   */
  public Exchanges(
      Device device, Function<List<Integer>, Group> groups, int ranks, LongConsumer nanos) {
    this.device = device;
    this.groups = groups;
    this.nanos = nanos;
    expertRows = new AtomicLongArray(ranks);
  }

  /** For ops that hand nothing over. */
  public static Exchanges none(Device device) {
    return new Exchanges(
        device,
        members -> {
          throw new IllegalStateException("no other devices, and an exchange with " + members);
        },
        1,
        nanos -> {});
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

  /** With these members. */
  Channel channel(List<Integer> members) {
    return channels.computeIfAbsent(members, of -> new Channel(device, groups.apply(of), nanos));
  }

  /** Keeps what a publishing op has begun for the op that collects it. */
  void keep(int id, Handover handover) {
    open.put(id, handover);
  }

  Handover kept(int id) {
    return open.remove(id);
  }

  /** As {@link #keep}, and whose each row is. */
  void keep(int id, Handover handover, int[] ofRows) {
    keep(id, handover);
    owners.put(id, ofRows);
  }

  int[] keptOwners(int id) {
    return owners.remove(id);
  }

  /** Issues a copy on the device. */
  void copy(Buffer from, Buffer to, Block block) {
    device.copy(from.segment(), to.segment(), block);
  }

  /** What the host is shown of a tensor. */
  Shown shown(Buffer buffer, Arena arena) {
    HostView view = device.view("what the host looks at", buffer.bytes(), arena);
    return new Shown(buffer, view, device.mark(arena));
  }

  /** What the host is shown of a buffer: what that held when it was last asked to. */
  record Shown(Buffer buffer, HostView view, Mark done) {

    /** Issues the copy. */
    void show() {
      view.refresh(buffer);
      done.set();
    }

    /** Waits for it. */
    MemorySegment content() {
      done.await();
      return view.content(buffer);
    }
  }
}

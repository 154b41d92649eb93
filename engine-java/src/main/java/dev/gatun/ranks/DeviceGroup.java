// DeviceGroup: an exchange between GPUs of processes: they gather all parts in each one's memory.
package dev.gatun.ranks;

import dev.gatun.device.Communicator;
import dev.gatun.device.Device;
import dev.gatun.device.Mark;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * Exchanges take turns in {@link #MOST_OPEN} slots. No host waits here: what the communicator does
 * comes after what its mark says, and the device waits for the communicator.
 */
final class DeviceGroup implements Group {
  private final List<Integer> members;
  private final int index;
  private final Device device;
  private final Communicator communicator;
  private final Arena arena = Arena.ofShared();
  private final MemorySegment[] slots = new MemorySegment[MOST_OPEN];

  /** Behind the gathering in each slot. */
  private final Mark[] gathered = new Mark[MOST_OPEN];

  private final List<Runnable> ends;
  private long begun;

  /**
   * @param ends run when the ranks end, which gives the memory back
   */
  DeviceGroup(
      List<Integer> members,
      int index,
      long bytes,
      Device device,
      Communicator communicator,
      List<Runnable> ends) {
    this.members = List.copyOf(members);
    this.index = index;
    this.device = device;
    this.communicator = communicator;
    this.ends = ends;
    ends.add(arena::close);
    MemorySegment memory = device.allocate(Link.PURPOSE, MOST_OPEN * bytes, arena).segment();
    for (int slot = 0; slot < MOST_OPEN; slot++) {
      slots[slot] = memory.asSlice(slot * bytes, bytes);
      gathered[slot] = communicator.mark(arena);
    }
  }

  @Override
  public List<Integer> members() {
    return members;
  }

  @Override
  public int index() {
    return index;
  }

  @Override
  public Exchange begin(long... ends) {
    int slot = (int) (begun++ % MOST_OPEN);
    if (ends.length != members.size() || ends[ends.length - 1] > slots[slot].byteSize()) {
      throw new IllegalArgumentException(
          ends.length + " parts of other sizes than the group was made for");
    }
    // This rank's part, which it writes next, has been sent by then.
    device.after(gathered[slot]);
    return new Turn(slots[slot], gathered[slot], ends);
  }

  /** Of a slot; what it reads is read before the next turn's gathering, by the device's order. */
  private final class Turn implements Exchange {
    private final MemorySegment memory;
    private final Mark done;
    private final long[] ends;

    Turn(MemorySegment memory, Mark done, long[] ends) {
      this.memory = memory;
      this.done = done;
      this.ends = ends;
    }

    @Override
    public MemorySegment at(long offset) {
      return memory.asSlice(offset, ends[ends.length - 1] - offset);
    }

    @Override
    public void publish() {
      communicator.gather(memory, ends);
      done.set();
    }

    @Override
    public void publish(Mark copies) {
      communicator.after(copies);
      publish();
    }

    @Override
    public void await() {
      done.await();
    }

    @Override
    public List<Mark> announced() {
      return List.of(done);
    }

    @Override
    public void close() {}

    @Override
    public void close(Mark copies) {}
  }

  /** There is no memory of the host. */
  @Override
  public void pin(Pinning pinning) {}

  @Override
  public void atEnd(Runnable last) {
    ends.add(last);
  }
}

// DeviceGroup: an exchange between GPUs of processes: they bring parts to each one's memory.
package dev.gatun.ranks;

import dev.gatun.device.Communicator;
import dev.gatun.device.Device;
import dev.gatun.device.Mark;
import dev.gatun.device.Parts;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
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

  /** Behind what was brought to each slot. */
  private final Mark[] gathered = new Mark[MOST_OPEN];

  private final boolean[] open = new boolean[MOST_OPEN];
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

  /**
   * What the members {@link Device#connect} by: the first of them makes it, and all get it.
   *
   * @param onHost of the same members
   */
  static byte[] connection(Group onHost, Device device) {
    long[] ofFirst = new long[onHost.members().size()];
    Arrays.fill(ofFirst, Communicator.ID_BYTES);
    try (Exchange exchange = onHost.begin(ofFirst)) {
      if (onHost.index() == 0) {
        exchange.at(0).copyFrom(MemorySegment.ofArray(device.newConnection()));
      }
      exchange.publish();
      exchange.await();
      return exchange.at(0).toArray(ValueLayout.JAVA_BYTE);
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
  public Exchange begin(Parts parts) {
    int slot = (int) (begun % MOST_OPEN);
    if (open[slot]) {
      throw new IllegalStateException("the exchange begun " + MOST_OPEN + " before is still open");
    }
    if (parts.count() != members.size() || parts.bytes() > slots[slot].byteSize()) {
      throw new IllegalArgumentException(
          parts.count() + " parts of other sizes than the group was made for");
    }
    begun++;
    open[slot] = true;
    // This rank's part, which it writes next, has been sent by then.
    device.after(gathered[slot]);
    return new Turn(slot, parts);
  }

  /** Of a slot; what it reads is read before the next turn's gathering, by the device's order. */
  private final class Turn implements Exchange {
    private final int slot;
    private final Parts parts;

    Turn(int slot, Parts parts) {
      this.slot = slot;
      this.parts = parts;
    }

    @Override
    public MemorySegment at(long offset) {
      return slots[slot].asSlice(offset, parts.bytes() - offset);
    }

    @Override
    public void publish() {
      communicator.exchange(slots[slot], parts);
      gathered[slot].set();
    }

    @Override
    public void publish(Mark copies) {
      communicator.after(copies);
      publish();
    }

    @Override
    public void await() {
      gathered[slot].await();
    }

    @Override
    public List<Mark> announced() {
      return List.of(gathered[slot]);
    }

    @Override
    public void close() {
      open[slot] = false;
    }

    @Override
    public void close(Mark copies) {
      close();
    }
  }

  /** There is no memory of the host. */
  @Override
  public void pin(Pinning pinning) {}

  @Override
  public void atEnd(Runnable last) {
    ends.add(last);
  }
}

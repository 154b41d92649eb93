// Channel: a group of ranks as the device of one of them uses it.
package dev.gatun.op;

import dev.gatun.device.Device;
import dev.gatun.device.Parts;
import dev.gatun.ranks.Exchange;
import dev.gatun.ranks.Group;
import java.lang.foreign.Arena;
import java.util.function.LongConsumer;

/** For the thread of the device. */
final class Channel {
  private final Device device;
  private final Group group;
  private final LongConsumer nanos;
  private final Handover.Marks[] marks = new Handover.Marks[Group.MOST_OPEN];
  private int begun;

  /**
   * @param nanos hears how long a GPU waited for others and copied what they gave, {@link
   *     Group#MOST_OPEN} exchanges later
   */
  Channel(Device device, Group group, LongConsumer nanos) {
    this.device = device;
    this.group = group;
    this.nanos = nanos;
    if (device.isGpu()) {
      // Others may wait for its marks when this rank has ended already.
      Arena arena = Arena.ofShared();
      group.atEnd(arena::close);
      for (int i = 0; i < marks.length; i++) {
        marks[i] = new Handover.Marks(device.mark(arena), device.mark(arena), device.mark(arena));
      }
    }
  }

  /** Of this rank among the members. */
  int index() {
    return group.index();
  }

  /** As {@link Group#begin}. */
  Handover begin(Parts parts) {
    Exchange exchange = group.begin(parts);
    if (!device.isGpu()) {
      return new Handover.OnHost(device, exchange);
    }
    Handover.Marks own = marks[begun++ % marks.length];
    nanos.accept(own.nanos());
    return new Handover.ByGpu(device, exchange, own);
  }
}

// ConnectedGroup: for tests in one process, the group of GPUs that several processes have.
package dev.gatun.ranks;

import dev.gatun.device.Communicator;
import dev.gatun.device.Device;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** All members are threads that make one at once. */
public final class ConnectedGroup {
  private ConnectedGroup() {}

  /**
   * @param bytes of the largest exchange
   */
  public static Group of(Ranks ranks, List<Integer> members, long bytes, Device device) {
    long[] ofFirst = new long[members.size()];
    Arrays.fill(ofFirst, Communicator.ID_BYTES);
    byte[] connection;
    try (Exchange exchange = ranks.group(members, Communicator.ID_BYTES).begin(ofFirst)) {
      if (ranks.rank() == members.getFirst()) {
        exchange.at(0).copyFrom(MemorySegment.ofArray(device.newConnection()));
      }
      exchange.publish();
      exchange.await();
      connection = exchange.at(0).toArray(ValueLayout.JAVA_BYTE);
    }
    int index = members.indexOf(ranks.rank());
    Communicator communicator = device.connect(connection, index, members.size());
    List<Runnable> ends = new ArrayList<>();
    Group end = ranks.group(members, 1);
    end.atEnd(
        () -> {
          communicator.close();
          ends.forEach(Runnable::run);
        });
    return new DeviceGroup(members, index, bytes, device, communicator, ends);
  }
}

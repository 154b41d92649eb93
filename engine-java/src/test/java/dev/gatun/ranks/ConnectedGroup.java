// ConnectedGroup: for tests in one process, the group of GPUs that several processes have.
package dev.gatun.ranks;

import dev.gatun.device.Communicator;
import dev.gatun.device.Device;
import java.util.ArrayList;
import java.util.List;

/** All members are threads that make one at once. */
public final class ConnectedGroup {
  private ConnectedGroup() {}

  /**
   * @param bytes of the largest exchange
   */
  public static Group of(Ranks ranks, List<Integer> members, long bytes, Device device) {
    byte[] connection = DeviceGroup.connection(ranks.group(members, Communicator.ID_BYTES), device);
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

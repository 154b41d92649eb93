// Publish: begins an exchange: this rank's part of what the members of a group need.
package dev.gatun.op;

import dev.gatun.device.Block;
import dev.gatun.device.Buffer;
import java.util.List;

/**
 * @param id of the exchange; a {@link CollectColumns} or {@link CollectWhole} ends it
 * @param members ranks that take part, ascending
 * @param ends where each member's part ends, in bytes
 * @param given this rank's part, one tensor after another; none where it gives nothing
 */
public record Publish(int id, List<Integer> members, List<Long> ends, List<Tensor> given)
    implements Exchanging {
  @Override
  public long exchangedBytes() {
    return ends.getLast();
  }

  @Override
  public List<Tensor> reads() {
    return given;
  }

  @Override
  public List<Tensor> writes() {
    return List.of();
  }

  @Override
  public Runnable bind(Operands at) {
    Exchanges exchanges = at.exchanges();
    Channel channel = exchanges.channel(members);
    long[] bounds = ends.stream().mapToLong(Long::longValue).toArray();
    long begin = channel.index() == 0 ? 0 : bounds[channel.index() - 1];
    List<Buffer> parts = given.stream().map(at::buffer).toList();
    return () -> {
      Handover handover = channel.begin(bounds);
      long to = begin;
      for (Buffer part : parts) {
        handover.give(part, Block.row(0, to, part.bytes()));
        to += part.bytes();
      }
      handover.publish();
      exchanges.keep(id, handover);
    };
  }
}

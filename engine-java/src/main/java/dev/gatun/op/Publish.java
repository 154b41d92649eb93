// Publish: begins an exchange: this rank's part of what the members of a group need.
package dev.gatun.op;

import dev.gatun.device.Block;
import dev.gatun.device.Buffer;
import dev.gatun.device.Parts;
import java.util.List;
import java.util.stream.IntStream;

/**
 * @param id of the exchange, which an op that collects ends
 * @param members ranks that take part, ascending
 * @param given this rank's part, one tensor after another; none where it gives nothing
 */
public record Publish(int id, List<Integer> members, Parts parts, List<Tensor> given)
    implements Exchanging {
  @Override
  public long exchangedBytes() {
    return parts.bytes();
  }

  @Override
  public long movedBytes() {
    return IntStream.range(0, parts.count()).mapToLong(parts::given).sum();
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
    List<Buffer> buffers = given.stream().map(at::buffer).toList();
    return () -> {
      Handover handover = channel.begin(parts);
      long to = parts.begin(channel.index());
      for (Buffer each : buffers) {
        handover.give(each, Block.row(0, to, each.bytes()));
        to += each.bytes();
      }
      handover.publish();
      exchanges.keep(id, handover);
    };
  }
}

// Publish: begins an exchange: this rank's part of what the members of a group need.
package dev.gatun.op;

import dev.gatun.ranks.Exchange;
import dev.gatun.ranks.Group;
import java.lang.foreign.MemorySegment;
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
    Group group = exchanges.group(members);
    long[] bounds = ends.stream().mapToLong(Long::longValue).toArray();
    long begin = group.index() == 0 ? 0 : bounds[group.index() - 1];
    List<Exchanges.Reading> parts = given.stream().map(at::reading).toList();
    return () -> {
      // Before, so that what a GPU still computes is no time of the exchange.
      List<MemorySegment> contents = exchanges.read(parts);
      Exchange exchange = group.begin(bounds);
      long to = begin;
      for (MemorySegment content : contents) {
        MemorySegment.copy(content, 0, exchange.memory(), to, content.byteSize());
        to += content.byteSize();
      }
      exchange.publish();
      exchanges.keep(id, exchange);
    };
  }
}

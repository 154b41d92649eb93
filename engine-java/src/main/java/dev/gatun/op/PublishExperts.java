// PublishExperts: begins an exchange: the rows that this rank's experts have computed.
package dev.gatun.op;

import dev.gatun.ranks.Exchange;
import dev.gatun.ranks.Group;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * @param id of the exchange; a {@link CollectExperts} ends it
 * @param rows (tokens * k, hidden) float32, of which this rank's are set; empty where it has none
 * @param ids (tokens, k), the experts chosen
 * @param hidden columns of a row
 */
public record PublishExperts(
    int id, RowOwners owners, Optional<Tensor> rows, Tensor ids, int hidden) implements Exchanging {
  @Override
  public List<Integer> members() {
    return owners.members();
  }

  @Override
  public long exchangedBytes() {
    return (long) Float.BYTES * ids.rows() * ids.cols() * hidden;
  }

  @Override
  public List<Tensor> reads() {
    return rows.map(own -> List.of(own, ids)).orElse(List.of(ids));
  }

  @Override
  public List<Tensor> writes() {
    return List.of();
  }

  @Override
  public Runnable bind(Operands at) {
    Exchanges exchanges = at.exchanges();
    Group group = exchanges.group(owners.members());
    List<Exchanges.Reading> needed =
        Stream.concat(Stream.of(ids), rows.stream()).map(at::reading).toList();
    long rowBytes = (long) Float.BYTES * hidden;
    return () -> {
      List<MemorySegment> read = exchanges.read(needed);
      int[] owner = owners.of(read.getFirst(), ids.rows(), ids.cols());
      long[] ends = owners.ends(owner, rowBytes);
      for (int member = 0; member < ends.length; member++) {
        long bytes = ends[member] - (member == 0 ? 0 : ends[member - 1]);
        exchanges.countExpertRows(owners.members().get(member), bytes / rowBytes);
      }
      Exchange exchange = group.begin(ends);
      if (rows.isPresent()) {
        MemorySegment content = read.getLast();
        long to = group.index() == 0 ? 0 : ends[group.index() - 1];
        for (int row = 0; row < owner.length; row++) {
          if (owner[row] == group.index()) {
            MemorySegment.copy(content, row * rowBytes, exchange.memory(), to, rowBytes);
            to += rowBytes;
          }
        }
      }
      exchange.publish();
      exchanges.keep(id, exchange, owner);
    };
  }
}

// PublishExperts: begins an exchange: the rows that this rank's experts have computed.
package dev.gatun.op;

import dev.gatun.device.Block;
import dev.gatun.device.Buffer;
import java.util.List;
import java.util.Optional;

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
    Channel channel = exchanges.channel(owners.members());
    Exchanges.Shown chosen = at.shown(ids);
    Optional<Buffer> own = rows.map(at::buffer);
    long rowBytes = (long) Float.BYTES * hidden;
    return () -> {
      int[] owner = owners.of(chosen.content(), ids.rows(), ids.cols());
      long[] ends = owners.ends(owner, rowBytes);
      for (int member = 0; member < ends.length; member++) {
        long bytes = ends[member] - (member == 0 ? 0 : ends[member - 1]);
        exchanges.countExpertRows(owners.members().get(member), bytes / rowBytes);
      }
      Handover handover = channel.begin(ends);
      own.ifPresent(from -> give(handover, from, owner, channel.index(), ends, rowBytes));
      handover.publish();
      exchanges.keep(id, handover, owner);
    };
  }

  private static void give(
      Handover handover, Buffer from, int[] owner, int index, long[] ends, long rowBytes) {
    long[] to = {index == 0 ? 0 : ends[index - 1]};
    RowOwners.runs(
        owner,
        (member, row, rows) -> {
          if (member == index) {
            handover.give(from, Block.row(row * rowBytes, to[0], rows * rowBytes));
            to[0] += rows * rowBytes;
          }
        });
  }
}

// PublishExperts: begins an exchange: the rows that this rank's experts have computed.
package dev.gatun.op;

import dev.gatun.device.Block;
import dev.gatun.device.Buffer;
import dev.gatun.device.Parts;
import java.util.List;
import java.util.Optional;

/**
 * @param id of the exchange; a {@link CollectExperts} ends it
 * @param tokens of each member, which needs the rows of its own; empty where each needs all rows
 * @param rows (tokens * k, hidden) float32, of which this rank's are set; empty where it has none
 * @param ids (tokens, k), the experts chosen
 * @param hidden columns of a row
 */
public record PublishExperts(
    int id,
    RowOwners owners,
    Optional<List<Integer>> tokens,
    Optional<Tensor> rows,
    Tensor ids,
    int hidden)
    implements Exchanging {
  @Override
  public List<Integer> members() {
    return owners.members();
  }

  @Override
  public long exchangedBytes() {
    return (long) Float.BYTES * ids.rows() * ids.cols() * hidden;
  }

  @Override
  public long movedBytes() {
    long bytes = exchangedBytes();
    int others = owners.members().size() - 1;
    // Of experts that are chosen equally often a rank has an equal part of its own tokens' rows.
    return tokens.isPresent() ? bytes * others / (others + 1) : bytes * others;
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
    Optional<Buffer> here = rows.map(at::buffer);
    long rowBytes = (long) Float.BYTES * hidden;
    return () -> {
      int[] owner = owners.of(chosen.content(), ids.rows(), ids.cols());
      Parts parts =
          tokens
              .map(own -> owners.parts(owner, rowBytes, own))
              .orElseGet(() -> owners.parts(owner, rowBytes));
      for (int member = 0; member < parts.count(); member++) {
        exchanges.countExpertRows(owners.members().get(member), parts.bytes(member) / rowBytes);
      }
      Handover handover = channel.begin(parts);
      int index = channel.index();
      here.ifPresent(from -> give(handover, from, owner, index, parts.begin(index), rowBytes));
      handover.publish();
      exchanges.keep(id, handover, owner);
    };
  }

  private static void give(
      Handover handover, Buffer from, int[] owner, int index, long begin, long rowBytes) {
    long[] to = {begin};
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

// Transfers: the ops of a graph by which ranks hand each other tensors.
package dev.gatun.graph;

import dev.gatun.device.DType;
import dev.gatun.device.Parts;
import dev.gatun.op.CollectColumns;
import dev.gatun.op.CollectExperts;
import dev.gatun.op.CollectParts;
import dev.gatun.op.CollectRows;
import dev.gatun.op.Publish;
import dev.gatun.op.PublishExperts;
import dev.gatun.op.RowOwners;
import dev.gatun.op.ShowIds;
import dev.gatun.op.Tensor;
import dev.gatun.shard.Split;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * All members of a group call the same methods in the same order, each on its own rank's graph.
 * Nothing is ever added up between ranks: what is handed over is as one rank alone computes it.
 */
public final class Transfers {
  private final Graph graph;
  private int exchanges;

  Transfers(Graph graph) {
    this.graph = graph;
  }

  /** The columns of all parts, of which {@code part} are this rank's. */
  public Tensor gather(Tensor part, Split split) {
    if (split.parts() == 1) {
      return part;
    }
    long[] bytes = new long[split.members().size()];
    for (int member = 0; member < bytes.length; member++) {
      bytes[member] = split.gives(member) ? part.bytes() : 0;
    }
    int id = exchanges++;
    List<Tensor> given = split.gives(split.index()) ? List.of(part) : List.of();
    graph.append(new Publish(id, split.members(), Parts.toAll(bytes), given));
    Tensor y = graph.tensor(DType.F32, part.rows(), part.cols() * split.parts());
    graph.append(new CollectColumns(id, y, split.parts()));
    return y;
  }

  /**
   * The columns of all parts on the first member alone, each handed to it and to nobody else; empty
   * on the others.
   */
  public Optional<Tensor> gatherOnFirst(Tensor part, Split split) {
    List<Integer> members = split.members();
    int self = split.index();
    if (split.parts() == 1) {
      return self == 0 ? Optional.of(part) : Optional.empty();
    }
    if (self > 0) {
      if (split.gives(self)) {
        hand(new Group(pair(members, self), members.get(self), members.get(self)), List.of(part));
      }
      return Optional.empty();
    }
    List<Integer> ids = new ArrayList<>();
    for (int member = 1; member < members.size(); member++) {
      if (split.gives(member)) {
        ids.add(exchanges);
        Parts parts = Parts.toAll(0, part.bytes());
        graph.append(new Publish(exchanges++, pair(members, member), parts, List.of()));
      }
    }
    Tensor y = graph.tensor(DType.F32, part.rows(), part.cols() * split.parts());
    graph.append(new CollectParts(ids, part, y));
    return Optional.of(y);
  }

  private static List<Integer> pair(List<Integer> members, int other) {
    return List.of(members.getFirst(), members.get(other));
  }

  /**
   * One rank hands tensors of equally many rows to all members of a group; on a member that has
   * them already.
   */
  public void hand(Group group, List<Tensor> tensors) {
    exchange(group, tensors, group.rank == group.from ? tensors : List.of(), List.of());
  }

  /** Takes what {@link #hand} hands over into tensors of the same types and shapes. */
  public void take(Group group, List<Tensor> tensors) {
    exchange(group, tensors, List.of(), tensors);
  }

  private void exchange(Group group, List<Tensor> all, List<Tensor> given, List<Tensor> taken) {
    long bytes = all.stream().mapToLong(Tensor::bytes).sum();
    int from = group.members.indexOf(group.from);
    long[] ofMembers = new long[group.members.size()];
    ofMembers[from] = bytes;
    List<Integer> counts = new ArrayList<>(Collections.nCopies(ofMembers.length, 0));
    counts.set(from, all.getFirst().rows());
    exchange(group.members, Parts.toAll(ofMembers), given, counts, taken);
  }

  private void exchange(
      List<Integer> members,
      Parts parts,
      List<Tensor> given,
      List<Integer> counts,
      List<Tensor> taken) {
    int id = exchanges++;
    graph.append(new Publish(id, members, parts, given));
    graph.append(new CollectRows(id, counts, parts, taken));
  }

  /**
   * Who is handed tensors.
   *
   * @param members ranks, ascending
   * @param from the one of them that gives
   * @param rank this one
   */
  public record Group(List<Integer> members, int from, int rank) {}

  /**
   * The rows of all ranks, one rank's after another's.
   *
   * @param counts of each rank's rows
   * @param columns of each tensor
   * @param own this rank's rows; none where it has no rows
   * @return a tensor for each of {@code columns}
   */
  public List<Tensor> gatherRows(List<Integer> counts, List<Columns> columns, List<Tensor> own) {
    long row = columns.stream().mapToLong(Columns::rowBytes).sum();
    Parts parts = Parts.toAll(counts.stream().mapToLong(count -> count * row).toArray());
    List<Integer> members = IntStream.range(0, counts.size()).boxed().toList();
    int rows = RankRows.sum(counts);
    List<Tensor> all =
        columns.stream().map(each -> incoming(each.dtype, rows, each.count)).toList();
    exchange(members, parts, own, counts, all);
    return all;
  }

  /** Of a tensor whose rows several ranks have. */
  public record Columns(DType dtype, int count) {
    long rowBytes() {
      return dtype.bytes(count);
    }
  }

  /** A tensor for {@link #take}. */
  public Tensor incoming(DType dtype, int rows, int cols) {
    return graph.tensor(dtype, rows, cols);
  }

  /** Shows the host the experts chosen, (tokens, k), whose rows will be handed over. */
  public void show(Tensor ids) {
    graph.append(new ShowIds(ids));
  }

  /**
   * Begins to hand over the rows of experts; what is appended until {@link #collect} hides the way.
   *
   * @param tokens of each rank, which needs the rows of its own; empty where each needs all rows
   * @param rows (tokens * k, hidden) of this rank's experts; empty where it has none
   * @param ids (tokens, k), the experts chosen
   */
  public int publish(
      RowOwners owners,
      Optional<List<Integer>> tokens,
      Optional<Tensor> rows,
      Tensor ids,
      int hidden) {
    int id = exchanges++;
    graph.append(new PublishExperts(id, owners, tokens, rows, ids, hidden));
    return id;
  }

  /**
   * (tokens * k, hidden): the rows of all experts for some tokens.
   *
   * @param ids (tokens, k), their choice
   * @param before tokens of the exchange before them
   */
  public Tensor collect(int id, RowOwners owners, Tensor ids, int before, int hidden) {
    Tensor y = graph.tensor(DType.F32, ids.rows() * ids.cols(), hidden);
    graph.append(new CollectExperts(id, owners, before * ids.cols(), Optional.of(y), hidden));
    return y;
  }

  /** Ends an exchange whose rows this rank does not need. */
  public void pass(int id, RowOwners owners, int hidden) {
    graph.append(new CollectExperts(id, owners, 0, Optional.empty(), hidden));
  }
}

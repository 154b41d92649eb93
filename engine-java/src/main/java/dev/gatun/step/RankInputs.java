// RankInputs: what rank 0 tells other ranks of a step's rows.
package dev.gatun.step;

import dev.gatun.device.Device;
import dev.gatun.graph.RankRows;
import dev.gatun.graph.StepShape;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntUnaryOperator;
import java.util.stream.IntStream;

/** Of ranks that have rows of their own each is told its own; others are told of all rows. */
final class RankInputs {
  private final int ranks;

  /** By rank from 1, where they have rows of their own. */
  private final List<InputRows> ofOthers;

  /**
   * @param ranks that have rows of their own; 1 where all ranks have all rows
   */
  RankInputs(int ranks, InputLayout layout, Device device, Arena arena) {
    this.ranks = ranks;
    ofOthers =
        IntStream.range(1, ranks).mapToObj(_ -> InputRows.of(layout, device, arena)).toList();
  }

  /** Which rows of a batch are whose; somebody keeps a row of logits, wanted or not. */
  RankRows rows(Batch batch) {
    List<Integer> tokens = new ArrayList<>();
    List<Integer> logitRows = new ArrayList<>();
    int kept = batch.logitRows();
    for (int rank = 0; rank < ranks; rank++) {
      Batch.OfRank its = batch.of(rank);
      int rows = kept == 0 ? Math.min(1, its.tokens()) : its.logitRows();
      kept += kept == 0 ? rows : 0;
      tokens.add(its.tokens());
      logitRows.add(rows);
    }
    return new RankRows(0, tokens, logitRows);
  }

  /**
   * Describes the rows of a step.
   *
   * @param shape as rank 0 runs it
   * @param first rank 0's, described already
   * @param idOf what the device is told for an id of the batch
   */
  List<Relay.Share> shares(Batch batch, StepShape shape, InputRows first, IntUnaryOperator idOf) {
    List<Relay.Share> shares = new ArrayList<>();
    if (shape.ranks().isEmpty()) {
      shares.add(share(batch.of(0), shape.tokens(), shape.logitRows(), first));
      return shares;
    }
    RankRows rows = shape.ranks().get();
    for (int rank = 0; rank < ranks; rank++) {
      Batch.OfRank its = batch.of(rank);
      InputRows inputs = rank == 0 ? first : ofOthers.get(rank - 1);
      if (rank > 0) {
        inputs.fill(its, its.tokens(), rows.kept().get(rank), idOf);
      }
      shares.add(share(its, its.tokens(), rows.logitRows().get(rank), inputs));
    }
    return shares;
  }

  private static Relay.Share share(Batch.OfRank its, int tokens, int logitRows, InputRows inputs) {
    return new Relay.Share(tokens, logitRows, its.singles(), inputs.used(its.parts().size()));
  }
}

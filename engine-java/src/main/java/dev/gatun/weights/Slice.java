// Slice: some rows, or some experts, of a checkpoint's weight.
package dev.gatun.weights;

import dev.gatun.device.DType;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/** A slice is a {@link Weight} of its own, of the same name, that reads its own bytes alone. */
final class Slice {
  private Slice() {}

  /**
   * Rows of a matrix (rows, cols).
   *
   * @param first a multiple of {@link #alignedRows} of the weight, as is {@code count}
   */
  static Weight rows(Weight weight, long first, long count) {
    long rows = weight.shape()[0];
    if (count == rows) {
      return weight;
    }
    if (weight.dtype() == DType.AWQ || weight.dtype() == DType.GPTQ) {
      return sideBySide(weight, weight.group().orElseThrow(), first, count);
    }
    return new Weight(
        weight.name(),
        weight.dtype(),
        new long[] {count, weight.shape()[1]},
        List.of(part(weight.range(), rows, first, count)),
        weight.group().map(group -> squares(weight, group, first, count)));
  }

  private static GroupQuant squares(Weight weight, GroupQuant group, long first, long count) {
    long side = SquareWeights.SIDE;
    List<ByteRange> scales =
        List.of(
            part(
                group.scales().getFirst(),
                Math.ceilDiv(weight.shape()[0], side),
                first / side,
                Math.ceilDiv(count, side)));
    return new GroupQuant(
        group.groupSize(), group.scaleType(), List.of(), scales, List.of(), false);
  }

  /**
   * Of AWQ and GPTQ, whose tensors have a column for each row of the weight. The order in which
   * they take the inputs is that of all rows.
   */
  private static Weight sideBySide(Weight weight, GroupQuant group, long first, long count) {
    long rows = weight.shape()[0];
    long cols = weight.shape()[1];
    long groups = cols / group.groupSize();
    long codeLines = weight.dtype() == DType.AWQ ? cols : cols / GroupWeights.PER_WORD;
    return new Weight(
        weight.name(),
        weight.dtype(),
        new long[] {count, cols},
        List.of(columns(weight.range(), codeLines, rows, first, count)),
        Optional.of(
            new GroupQuant(
                group.groupSize(),
                group.scaleType(),
                List.of(columns(group.zeros().getFirst(), groups, rows, first, count)),
                List.of(columns(group.scales().getFirst(), groups, rows, first, count)),
                group.groupIndex(),
                group.zerosMinusOne())));
  }

  /**
   * @param columns of each line of the range
   */
  private static ByteRange columns(
      ByteRange range, long lines, long columns, long first, long count) {
    long lineBytes = range.bytes() / lines;
    return StridedRange.of(range, lines, first * lineBytes / columns, count * lineBytes / columns);
  }

  private static ByteRange part(ByteRange range, long rows, long first, long count) {
    long rowBytes = range.bytes() / rows;
    return range.slice(first * rowBytes, count * rowBytes);
  }

  /** Some experts of a stack (experts, rows, cols), in the order given. */
  static Weight experts(Weight weight, List<Integer> experts) {
    long[] shape = weight.shape().clone();
    shape[0] = experts.size();
    Function<List<ByteRange>, List<ByteRange>> some =
        ranges -> ranges.isEmpty() ? ranges : experts.stream().map(ranges::get).toList();
    return new Weight(
        weight.name(),
        weight.dtype(),
        shape,
        some.apply(weight.data()),
        weight
            .group()
            .map(
                group ->
                    new GroupQuant(
                        group.groupSize(),
                        group.scaleType(),
                        some.apply(group.zeros()),
                        some.apply(group.scales()),
                        some.apply(group.groupIndex()),
                        group.zerosMinusOne())));
  }

  /** Rows that a slice begins and ends at multiples of. */
  static int alignedRows(Weight weight) {
    return switch (weight.dtype()) {
      case F8 -> SquareWeights.SIDE;
      case AWQ, GPTQ -> GroupWeights.PER_WORD;
      default -> 1;
    };
  }
}

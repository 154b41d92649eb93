// Slice: some rows, or some experts, of a checkpoint's weight.
package dev.gatun.weights;

import dev.gatun.device.DType;
import dev.gatun.refusal.Refusal;
import java.util.List;
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
    long[] shape = {count, weight.shape()[1]};
    return new Weight(
        weight.name(),
        weight.dtype(),
        shape,
        List.of(part(weight.range(), rows, first, count)),
        weight.group().map(group -> rows(weight, group, first, count)));
  }

  /** Codes and zeros of AWQ and GPTQ lie column by column, the rows of a weight side by side. */
  private static GroupQuant rows(Weight weight, GroupQuant group, long first, long count) {
    if (weight.dtype() != DType.F8) {
      throw Refusal.usage(
          "'" + weight.name() + "' is " + weight.dtype() + ", which is not divided by rows yet",
          "use --split-mode layer");
    }
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
    return weight.dtype() == DType.F8 ? SquareWeights.SIDE : 1;
  }
}

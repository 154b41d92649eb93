// Crossover: from how many rows on cuBLAS computes a product, and no longer the kernels.
package dev.gatun.graph;

import dev.gatun.device.DType;
import dev.gatun.device.PackedMatrix;
import dev.gatun.op.Provider;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Few rows are always the kernels': there the time goes into reading packed weights. So are
 * products with experts, which are chosen on the device, and with float32 weights, which bfloat16
 * would round.
 *
 * @param from rows of {@code x} for each kind of product
 * @param otherwise rows for all others
 */
public record Crossover(Map<Kind, Integer> from, int otherwise) {
  /** What no step reaches. */
  public static final int NEVER = Integer.MAX_VALUE;

  /** More rows than decoding has. */
  public static final int FEWEST = 17;

  /**
   * What the time of a product depends on, besides its rows.
   *
   * @param gated whether it is gate and up in one
   * @param activations that the kernels would be given
   */
  public record Kind(boolean gated, DType weight, DType activations, long rows, long cols) {
    public static Kind of(boolean gated, PackedMatrix weight, DType activations) {
      return new Kind(gated, weight.dtype(), activations, weight.rows(), weight.cols());
    }
  }

  public Crossover {
    from = Map.copyOf(from);
  }

  /** The kernels compute everything. */
  public static Crossover never() {
    return new Crossover(Map.of(), NEVER);
  }

  /** Whether our kernels compute everything. */
  public boolean isNever() {
    return equals(never());
  }

  /** cuBLAS computes everything that it may. */
  public static Crossover always() {
    return new Crossover(Map.of(), FEWEST);
  }

  /** Whether cuBLAS may compute a product at all. */
  public static boolean cublasTakes(PackedMatrix weight) {
    return weight.dtype() != DType.F32
        && weight.experts() == 1
        && weight.cols() % DType.A8.blockSize() == 0;
  }

  /** Who computes a product of {@code rows} rows. */
  public Provider provider(Kind kind, PackedMatrix weight, int rows) {
    return cublasTakes(weight) && rows >= from.getOrDefault(kind, otherwise)
        ? Provider.CUBLAS
        : Provider.KERNELS;
  }

  /** Steps of as many rows in the same phase have the same ops. */
  public int phase(int rows) {
    return (int) thresholds().filter(threshold -> rows >= threshold).count();
  }

  /** The most rows, up to {@code rows}, of each phase from 0 on. */
  public int[] largestOfPhases(int rows) {
    return IntStream.concat(
            thresholds().filter(threshold -> threshold <= rows).map(threshold -> threshold - 1),
            IntStream.of(rows))
        .toArray();
  }

  private IntStream thresholds() {
    return IntStream.concat(
            from.values().stream().mapToInt(Integer::intValue), IntStream.of(otherwise))
        .filter(threshold -> threshold != NEVER)
        .distinct()
        .sorted();
  }
}

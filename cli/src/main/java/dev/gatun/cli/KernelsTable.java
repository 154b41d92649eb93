// KernelsTable: a model's products and the kernels that serve them, for people.
package dev.gatun.cli;

import dev.gatun.device.PackedMatrix;
import dev.gatun.load.KernelChoice;
import dev.gatun.op.Product;
import dev.gatun.op.Provider;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;

/** Few tokens are limited by the weights that are read, many by the operations. */
record KernelsTable(KernelChoice kernels) {
  private static final int DECODED = 16;

  @Override
  public String toString() {
    boolean timed = kernels.rows().stream().anyMatch(row -> row.seconds().isPresent());
    boolean compared = kernels.rows().stream().anyMatch(row -> row.cublasSeconds().isPresent());
    List<String> titles = new ArrayList<>(List.of("product", "weights", "rows x cols", "x"));
    titles.addAll(List.of("a step", "tokens", "served by"));
    if (timed) {
      titles.addAll(List.of("kernels", "rate"));
    }
    if (compared) {
      titles.addAll(List.of("cuBLAS", "rate"));
    }
    Table table = new Table(titles, List.of(4, 5, 7, 8, 9, 10));
    List<KernelChoice.Row> rows = kernels.rows();
    for (int i = 0; i < rows.size(); i++) {
      KernelChoice.Row first = rows.get(i);
      while (!timed && i + 1 < rows.size() && isSame(first, rows.get(i + 1))) {
        i++;
      }
      List<String> cells = new ArrayList<>(product(first, rows.get(i).tokens()));
      if (timed) {
        cells.addAll(time(first, first.seconds()));
      }
      if (compared) {
        cells.addAll(time(first, first.cublasSeconds()));
      }
      table.row(cells.toArray(String[]::new));
    }
    return table.toString();
  }

  /** Whether two rows differ in their tokens alone. */
  private static boolean isSame(KernelChoice.Row a, KernelChoice.Row b) {
    return a.tokens() < b.tokens() && a.kernel().equals(b.kernel());
  }

  private static List<String> product(KernelChoice.Row row, int lastTokens) {
    Product product = row.product();
    PackedMatrix weight = product.weight();
    String shape = weight.rows() + " x " + weight.cols();
    return List.of(
        product.op(),
        weight.dtype().name(),
        weight.experts() > 1 ? weight.experts() + " x " + shape : shape,
        row.provider() == Provider.CUBLAS ? "BF16" : product.x().dtype().name(),
        String.valueOf(row.count()),
        row.tokens() == lastTokens ? "" + lastTokens : row.tokens() + " to " + lastTokens,
        row.kernel());
  }

  private static List<String> time(KernelChoice.Row row, OptionalDouble seconds) {
    if (seconds.isEmpty()) {
      return List.of("", "");
    }
    double time = seconds.getAsDouble();
    return List.of(format("%.1f us", time * 1e6), rate(row, time));
  }

  private static String rate(KernelChoice.Row row, double seconds) {
    Product product = row.product();
    if (row.tokens() <= DECODED) {
      long bytes = product.weights().stream().mapToLong(PackedMatrix::bytes).sum();
      return format("%.1f GB/s", bytes / seconds * 1e-9);
    }
    double weights =
        (double) product.weights().size() * product.weight().rows() * product.weight().cols();
    return format("%.2f TFLOP/s", 2 * weights * row.tokens() / seconds * 1e-12);
  }

  private static String format(String pattern, double value) {
    return String.format(Locale.ROOT, pattern, value);
  }
}

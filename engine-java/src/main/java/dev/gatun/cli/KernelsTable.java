// KernelsTable: a model's products and the kernels that serve them, for people.
package dev.gatun.cli;

import dev.gatun.device.PackedMatrix;
import dev.gatun.engine.Kernels;
import dev.gatun.graph.Product;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;

/** Few tokens are limited by the weights that are read, many by the operations. */
record KernelsTable(Kernels kernels) {
  private static final int DECODED = 16;

  @Override
  public String toString() {
    boolean timed = kernels.rows().stream().anyMatch(row -> row.ours().isPresent());
    boolean compared = kernels.rows().stream().anyMatch(row -> row.theirs().isPresent());
    List<String> titles = new ArrayList<>(List.of("product", "weights", "rows x cols"));
    titles.addAll(List.of("a step", "tokens", "served by"));
    if (timed) {
      titles.addAll(List.of("ours", "rate"));
    }
    if (compared) {
      titles.addAll(List.of("cuBLAS", "rate"));
    }
    Table table = new Table(titles, List.of(3, 4, 6, 7, 8, 9));
    for (Kernels.Row row : kernels.rows()) {
      List<String> cells = new ArrayList<>(product(row));
      if (timed) {
        cells.addAll(time(row, row.ours()));
      }
      if (compared) {
        cells.addAll(time(row, row.theirs()));
      }
      table.row(cells.toArray(String[]::new));
    }
    return table.toString();
  }

  private static List<String> product(Kernels.Row row) {
    Product product = row.product();
    PackedMatrix weight = product.weight();
    String shape = weight.rows() + " x " + weight.cols();
    return List.of(
        product.op(),
        weight.dtype().name(),
        weight.experts() > 1 ? weight.experts() + " x " + shape : shape,
        String.valueOf(row.count()),
        String.valueOf(row.tokens()),
        row.kernel());
  }

  private static List<String> time(Kernels.Row row, OptionalDouble seconds) {
    if (seconds.isEmpty()) {
      return List.of("", "");
    }
    double time = seconds.getAsDouble();
    return List.of(format("%.1f us", time * 1e6), rate(row, time));
  }

  private static String rate(Kernels.Row row, double seconds) {
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

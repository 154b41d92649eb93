// Table: rows of text in columns, for people.
package dev.gatun.cli;

import java.util.ArrayList;
import java.util.List;

/**
 * Columns are as wide as their widest cell; those named {@code right} are numbers and end flush.
 */
final class Table {
  private final List<String> titles;
  private final List<Integer> right;
  private final List<List<String>> rows = new ArrayList<>();

  Table(List<String> titles, List<Integer> right) {
    this.titles = List.copyOf(titles);
    this.right = List.copyOf(right);
    rows.add(this.titles);
  }

  void row(String... cells) {
    if (cells.length != titles.size()) {
      throw new IllegalArgumentException(cells.length + " cells for " + titles);
    }
    rows.add(List.of(cells));
  }

  @Override
  public String toString() {
    StringBuilder text = new StringBuilder();
    for (List<String> row : rows) {
      StringBuilder line = new StringBuilder();
      for (int column = 0; column < row.size(); column++) {
        String padding = " ".repeat(width(column) - row.get(column).length());
        line.append(right.contains(column) ? padding + row.get(column) : row.get(column) + padding);
        line.append("  ");
      }
      text.append(line.toString().stripTrailing()).append('\n');
    }
    return text.toString();
  }

  private int width(int column) {
    return rows.stream().mapToInt(row -> row.get(column).length()).max().orElse(0);
  }
}

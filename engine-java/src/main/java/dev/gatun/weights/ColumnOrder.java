// ColumnOrder: the columns of an act-order weight, sorted by their group.
package dev.gatun.weights;

import dev.gatun.refusal.Refusal;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

final class ColumnOrder {
  private ColumnOrder() {}

  /**
   * (cols): packed column j is the checkpoint's column order[j]; empty where they stay as they are.
   * Refusal where the columns of a group are not as many as they should be.
   */
  static Optional<int[]> of(Weight weight) {
    List<ByteRange> index = weight.group().map(GroupQuant::groupIndex).orElse(List.of());
    if (index.isEmpty()) {
      return Optional.empty();
    }
    int[] group = Numbers.ints(index.getFirst());
    for (ByteRange other : index) {
      if (!Arrays.equals(group, Numbers.ints(other))) {
        throw Refusal.model(
            "the experts of '" + weight.name() + "' have different act-orders",
            "use a checkpoint quantised with desc_act false");
      }
    }
    return Optional.of(sorted(weight, group));
  }

  private static int[] sorted(Weight weight, int[] group) {
    int groupSize = weight.group().orElseThrow().groupSize();
    int[] next = new int[group.length / groupSize];
    int[] order = new int[group.length];
    for (int col = 0; col < group.length; col++) {
      int at = next[group[col]]++;
      if (at >= groupSize) {
        throw Refusal.model(
            "'"
                + weight.name()
                + "' puts more than "
                + groupSize
                + " columns in group "
                + group[col],
            "the file is damaged; download it again");
      }
      order[group[col] * groupSize + at] = col;
    }
    return order;
  }
}

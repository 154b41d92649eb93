// RowOwners: which member of a group serves a token's choice of an expert.
package dev.gatun.op;

import dev.gatun.device.Parts;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/**
 * As {@code gk_local_experts} shares tokens out: token t is served as token t % turns is.
 *
 * @param members of the group, ascending
 * @param owner (experts, turns): index of the member that serves
 */
public record RowOwners(List<Integer> members, int turns, List<List<Integer>> owner) {

  /** The member for each row, token * k + choice; -1 where the id is no expert's. */
  int[] of(MemorySegment ids, int tokens, int k) {
    int[] owners = new int[tokens * k];
    for (int row = 0; row < owners.length; row++) {
      int id = ids.getAtIndex(ValueLayout.JAVA_INT, row);
      owners[row] = id < 0 || id >= owner.size() ? -1 : owner.get(id).get(row / k % turns);
    }
    return owners;
  }

  /** Hears of rows that follow each other and are one member's; -1 for nobody's. */
  interface Run {
    void of(int member, int row, int rows);
  }

  /** Tells all rows, in their order. */
  static void runs(int[] owners, Run run) {
    int row = 0;
    while (row < owners.length) {
      int end = row + 1;
      while (end < owners.length && owners[end] == owners[row]) {
        end++;
      }
      run.of(owners[row], row, end - row);
      row = end;
    }
  }

  /** Each member's rows, which are for all. */
  Parts parts(int[] owners, long rowBytes) {
    long[] bytes = new long[members.size()];
    for (int member : owners) {
      if (member >= 0) {
        bytes[member] += rowBytes;
      }
    }
    return Parts.toAll(bytes);
  }

  /**
   * Each member's rows, which are for those whose tokens they are of.
   *
   * @param tokens of each member
   */
  Parts parts(int[] owners, long rowBytes, List<Integer> tokens) {
    long[][] bytes = new long[members.size()][members.size()];
    int k = owners.length / tokens.stream().mapToInt(Integer::intValue).sum();
    int row = 0;
    for (int member = 0; member < bytes.length; member++) {
      for (int end = row + tokens.get(member) * k; row < end; row++) {
        if (owners[row] >= 0) {
          bytes[owners[row]][member] += rowBytes;
        }
      }
    }
    return Parts.of(bytes);
  }
}

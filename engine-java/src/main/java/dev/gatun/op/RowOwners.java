// RowOwners: which member of a group serves a token's choice of an expert.
package dev.gatun.op;

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

  /** Where each member's rows end, in bytes. */
  long[] ends(int[] owners, long rowBytes) {
    long[] ends = new long[members.size()];
    for (int member : owners) {
      if (member >= 0) {
        ends[member] += rowBytes;
      }
    }
    for (int i = 1; i < ends.length; i++) {
      ends[i] += ends[i - 1];
    }
    return ends;
  }
}

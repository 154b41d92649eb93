// Split: how what heads, rows or columns make up is divided among ranks.
package dev.gatun.shard;

import java.util.List;

/**
 * Equal parts, each of one rank or of several that compute the same. All members need the whole.
 *
 * @param members the ranks that divide it, ascending
 * @param parts a divisor of the number of members; 1 where each has all of it
 * @param index of this rank among the members
 */
public record Split(List<Integer> members, int parts, int index) {

  /** Of what is not divided. */
  public static final Split WHOLE = new Split(List.of(0), 1, 0);

  /** Which part this rank has. */
  public int part() {
    return partOf(index);
  }

  /** Which part a member has: neighbours have the same where there are fewer parts than members. */
  public int partOf(int member) {
    return member * parts / members.size();
  }

  /** Whether a member is the one that gives its part to the others. */
  public boolean gives(int member) {
    return member == 0 || partOf(member) != partOf(member - 1);
  }

  /** This rank's share of {@code count}, which the parts divide. */
  public int of(int count) {
    return Math.toIntExact(of((long) count));
  }

  /** As {@link #of(int)}. */
  public long of(long count) {
    return count / parts;
  }

  /** Where this rank's share of {@code count} begins. */
  public long begin(long count) {
    return of(count) * part();
  }
}

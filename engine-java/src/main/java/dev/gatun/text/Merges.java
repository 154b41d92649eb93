// Merges: which two tokens merge into which third, and in what order of preference.
package dev.gatun.text;

/** Ranks are 0 and up; the lowest merges first. */
interface Merges {
  int NONE = -1;

  /** The rank of the merge of {@code left} with {@code right}, or {@link #NONE}. */
  int rank(int left, int right);

  /** The token that the merge of {@code rank} makes. */
  int product(int rank);
}

// MergeTable: which two tokens merge into which third, and in what order of preference.
package dev.gatun.text;

import dev.gatun.refusal.Refusal;

/** The merges of a byte-pair encoding; their rank is the order in which they were added, the lowest merging first. */
final class MergeTable {
  static final int NONE = -1;

  private final Vocabulary vocabulary;
  private final long[] keys; // left << 32 | right, plus 1; 0 where free; length a power of two
  private final int[] ranks; // beside keys
  private final int[] products; // token made, by rank
  private int size;

  /** An empty table for {@code count} merges over the tokens of {@code vocabulary}. */
  MergeTable(Vocabulary vocabulary, int count) {
    this.vocabulary = vocabulary;
    int capacity = Integer.highestOneBit(Math.max(8, count)) << 2;
    keys = new long[capacity];
    ranks = new int[capacity];
    products = new int[Math.max(8, count)];
  }

  /** Adds the merge next in rank. All three tokens must be in the vocabulary; a pair added twice keeps its later rank. */
  void add(String left, String right) {
    int head = known(left);
    int tail = known(right);
    int product = vocabulary.findJoined(head, tail);
    if (product < 0) {
      throw unknown(left + right);
    }
    if (size == products.length) {
      throw new IllegalStateException("more merges than announced");
    }
    products[size] = product;
    int slot = slot(head, tail);
    keys[slot] = key(head, tail);
    ranks[slot] = size++;
  }

  /** Adds the merge next in rank, written as two tokens parted by the first space that can part them. */
  void add(String line) {
    int space = line.indexOf(' ', 1);
    if (space < 0 || space == line.length() - 1) {
      throw Refusal.model(
          "merge " + size + " of the tokenizer reads \"" + line + "\", not two tokens with a space between",
          "download the model again");
    }
    add(line.substring(0, space), line.substring(space + 1));
  }

  /** The rank of the merge of {@code left} with {@code right}, or {@link #NONE}. */
  int rank(int left, int right) {
    int slot = slot(left, right);
    return keys[slot] == 0 ? NONE : ranks[slot];
  }

  /** The token that the merge of {@code rank} makes. */
  int product(int rank) {
    return products[rank];
  }

  // The slot of the pair, or the free one where it belongs.
  private int slot(int left, int right) {
    long key = key(left, right);
    int mask = keys.length - 1;
    int slot = (int) (key * 0x9E3779B97F4A7C15L >>> 32) & mask;
    while (keys[slot] != 0 && keys[slot] != key) {
      slot = slot + 1 & mask;
    }
    return slot;
  }

  private static long key(int left, int right) {
    return ((long) left << 32 | right) + 1;
  }

  private int known(String token) {
    int id = vocabulary.find(token);
    if (id < 0) {
      throw unknown(token);
    }
    return id;
  }

  private Refusal unknown(String token) {
    return Refusal.model(
        "merge " + size + " of the tokenizer needs the token \"" + token + "\", which the vocabulary lacks",
        "download the model again");
  }
}

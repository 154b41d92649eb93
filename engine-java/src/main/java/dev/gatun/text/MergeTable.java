// MergeTable: merges as a tokenizer lists them.
package dev.gatun.text;

import dev.gatun.refusal.Refusal;
import dev.gatun.weights.Utf8List;
import java.nio.charset.StandardCharsets;

/** The merges' rank is the order in which they were added. */
final class MergeTable implements Merges {
  private final Vocabulary vocabulary;
  private final int[] slots; // rank + 1 by pair, 0 where free; length a power of two
  private final long[] pairs; // left << 32 | right, by rank
  private final int[] products; // token made, by rank
  private int size;

  /** An empty table for {@code count} merges over the tokens of {@code vocabulary}. */
  MergeTable(Vocabulary vocabulary, int count) {
    this.vocabulary = vocabulary;
    slots = new int[Integer.highestOneBit(Math.max(8, count)) << 2];
    pairs = new long[count];
    products = new int[count];
  }

  /**
   * Adds the merge next in rank. All three tokens must be in the vocabulary; a pair added twice
   * keeps its later rank.
   */
  void add(Utf8List texts, int left, int right) {
    byte[] bytes = texts.bytes();
    add(bytes, texts.start(left), texts.end(left), texts.start(right), texts.end(right));
  }

  /**
   * Adds the merge next in rank, written as two tokens parted by the first space that can part
   * them.
   */
  void add(Utf8List lines, int line) {
    byte[] bytes = lines.bytes();
    int start = lines.start(line);
    int end = lines.end(line);
    int space = start + 1;
    while (space < end && bytes[space] != ' ') {
      space++;
    }
    if (space >= end - 1) {
      throw Refusal.model(
          "merge "
              + size
              + " of the tokenizer reads \""
              + lines.get(line)
              + "\", not two tokens with a space between",
          "download the model again");
    }
    add(bytes, start, space, space + 1, end);
  }

  private void add(byte[] bytes, int left, int leftEnd, int right, int rightEnd) {
    int head = known(bytes, left, leftEnd);
    int tail = known(bytes, right, rightEnd);
    // Tokens mostly have their ids in the order of the merges that make them.
    int next = size == 0 ? 0 : products[size - 1] + 1;
    int product =
        next < vocabulary.size() && vocabulary.isJoined(next, head, tail)
            ? next
            : vocabulary.findJoined(head, tail);
    if (product < 0) {
      throw unknown(vocabulary.text(head) + vocabulary.text(tail));
    }
    if (size == products.length) {
      throw new IllegalStateException("more merges than announced");
    }
    products[size] = product;
    pairs[size] = pair(head, tail);
    slots[slot(pairs[size])] = ++size;
  }

  @Override
  public int rank(int left, int right) {
    return slots[slot(pair(left, right))] - 1;
  }

  @Override
  public int product(int rank) {
    return products[rank];
  }

  // The slot of the pair, or the free one where it belongs.
  private int slot(long pair) {
    int mask = slots.length - 1;
    int slot = (int) (pair * 0x9E3779B97F4A7C15L >>> 32) & mask;
    while (slots[slot] != 0 && pairs[slots[slot] - 1] != pair) {
      slot = slot + 1 & mask;
    }
    return slot;
  }

  private static long pair(int left, int right) {
    return (long) left << 32 | right;
  }

  private int known(byte[] bytes, int from, int to) {
    int id = vocabulary.find(bytes, from, to);
    if (id < 0) {
      throw unknown(new String(bytes, from, to - from, StandardCharsets.UTF_8));
    }
    return id;
  }

  private Refusal unknown(String token) {
    return Refusal.model(
        "merge "
            + size
            + " of the tokenizer needs the token \""
            + token
            + "\", which the vocabulary lacks",
        "download the model again");
  }
}

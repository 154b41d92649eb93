// Vocabulary: token texts by id, and ids by text.
package dev.gatun.text;

import dev.gatun.refusal.Refusal;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;

/**
 * The texts of all ids, and an index from text to id over the model's own tokens. An open-addressed index of plain ints
 * loads several times faster than a {@code HashMap}, which counts at start-up with 150,000 tokens, and finds the product of
 * a merge without building its string.
 */
final class Vocabulary {
  private static final int NONE = -1;
  // Real vocabularies hold under 300,000; an id beyond this is a damaged file, not a bigger model.
  private static final int MOST_IDS = 1 << 23;

  private final String[] texts; // by id; "" where no token has the id
  private final int[] index; // id + 1 by hash, 0 where free; length a power of two

  private Vocabulary(String[] texts, int[] index) {
    this.texts = texts;
    this.index = index;
  }

  /**
   * Indexes {@code texts}, in which "" marks an unused id. A text held twice is refused, since one of its ids could never
   * be told from the other.
   */
  static Vocabulary of(String[] texts) {
    int capacity = Integer.highestOneBit(Math.max(8, texts.length)) << 2;
    Vocabulary vocabulary = new Vocabulary(texts, new int[capacity]);
    for (int id = 0; id < texts.length; id++) {
      if (!texts[id].isEmpty()) {
        vocabulary.insert(id);
      }
    }
    return vocabulary;
  }

  /** Throws unless {@code id} is a usable id. */
  static int checkedId(long id, String token) {
    if (id < 0 || id >= MOST_IDS) {
      throw Refusal.model(
          "the tokenizer gives \"" + token + "\" the id " + id + ", outside 0 to " + (MOST_IDS - 1),
          "download the model again");
    }
    return (int) id;
  }

  /** The same index, with the texts of {@code added} for decoding; their ids must be free or theirs already. */
  Vocabulary with(List<AddedToken> added) {
    int size = texts.length;
    for (AddedToken token : added) {
      size = Math.max(size, token.id() + 1);
    }
    String[] all = Arrays.copyOf(texts, size);
    Arrays.fill(all, texts.length, size, "");
    for (AddedToken token : added) {
      String held = all[token.id()];
      if (!held.isEmpty() && !held.equals(token.content())) {
        throw Refusal.model(
            "the tokenizer gives id " + token.id() + " to \"" + held + "\" and \"" + token.content() + "\"",
            "download the model again");
      }
      all[token.id()] = token.content();
    }
    return new Vocabulary(all, index);
  }

  /** One more than the highest id. */
  int size() {
    return texts.length;
  }

  /** The text of {@code id}, "" where it has none. */
  String text(int id) {
    return id >= 0 && id < texts.length ? texts[id] : "";
  }

  OptionalInt id(String text) {
    int id = find(text);
    return id == NONE ? OptionalInt.empty() : OptionalInt.of(id);
  }

  /** The id of {@code text}, or -1. */
  int find(String text) {
    int mask = index.length - 1;
    for (int slot = slot(text.hashCode()); index[slot] != 0; slot = slot + 1 & mask) {
      if (texts[index[slot] - 1].equals(text)) {
        return index[slot] - 1;
      }
    }
    return NONE;
  }

  /** The id of the text of {@code left} followed by that of {@code right}, or -1. */
  int findJoined(int left, int right) {
    String head = texts[left];
    String tail = texts[right];
    // String.hashCode is a polynomial in 31, so the hash of the whole follows from the (cached) hashes of the halves.
    int hash = head.hashCode();
    for (int i = 0; i < tail.length(); i++) {
      hash *= 31;
    }
    hash += tail.hashCode();
    int mask = index.length - 1;
    for (int slot = slot(hash); index[slot] != 0; slot = slot + 1 & mask) {
      String text = texts[index[slot] - 1];
      if (text.length() == head.length() + tail.length() && text.startsWith(head) && text.endsWith(tail)) {
        return index[slot] - 1;
      }
    }
    return NONE;
  }

  private void insert(int id) {
    int mask = index.length - 1;
    int slot = slot(texts[id].hashCode());
    for (; index[slot] != 0; slot = slot + 1 & mask) {
      if (texts[index[slot] - 1].equals(texts[id])) {
        throw Refusal.model(
            "the tokenizer gives \"" + texts[id] + "\" the ids " + (index[slot] - 1) + " and " + id,
            "download the model again");
      }
    }
    index[slot] = id + 1;
  }

  private int slot(int hash) {
    return (hash ^ hash >>> 15) * 0x9E3779B9 >>> Integer.numberOfLeadingZeros(index.length) + 1;
  }
}

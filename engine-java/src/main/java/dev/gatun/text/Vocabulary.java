// Vocabulary: token texts by id, and ids by text.
package dev.gatun.text;

import dev.gatun.refusal.Refusal;
import dev.gatun.weights.Utf8List;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

/**
 * The texts of all ids, and an index from text to id over the model's own tokens. Reading 150,000
 * tokens is most of a program's start, so texts stay UTF-8 in one array, and an open-addressed
 * index of plain ints finds them, and the product of a merge without building its text.
 */
final class Vocabulary {
  private static final int NONE = -1;
  // Real vocabularies hold under 300,000; an id beyond this is a damaged file, not a bigger model.
  private static final int MOST_IDS = 1 << 23;

  private final byte[] bytes; // of all texts
  private final long[] spans; // by id, in bytes: start << 32 | end; empty without a token
  private final int[] hashes; // by id, of the model's own tokens
  // hash << 32 | id + 1 by hash, 0 where free; length a power of two. With the hash beside the id,
  // what is another text is hardly ever looked at.
  private final long[] index;

  private Vocabulary(byte[] bytes, long[] spans, int[] hashes, long[] index) {
    this.bytes = bytes;
    this.spans = spans;
    this.hashes = hashes;
    this.index = index;
  }

  /** The texts of a list, their ids being their places. */
  static Vocabulary of(Utf8List texts) {
    int[] places = new int[texts.size()];
    Arrays.setAll(places, id -> id);
    return of(texts, places);
  }

  /**
   * Indexes {@code texts}, of which the id {@code i} has the one at {@code places[i]}, or none
   * where that is -1. A text held twice is refused, since one of its ids could never be told from
   * the other.
   */
  static Vocabulary of(Utf8List texts, int[] places) {
    int size = places.length;
    long[] spans = new long[size];
    long[] index = new long[Integer.highestOneBit(Math.max(8, size)) << 2];
    Vocabulary vocabulary = new Vocabulary(texts.bytes(), spans, new int[size], index);
    for (int id = 0; id < size; id++) {
      if (places[id] >= 0) {
        spans[id] = span(texts.start(places[id]), texts.end(places[id]));
        if (length(spans[id]) > 0) {
          vocabulary.insert(id);
        }
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

  /**
   * The same index, with the texts of {@code added} for decoding; their ids must be free or theirs
   * already.
   */
  Vocabulary with(List<AddedToken> added) {
    Map<Integer, String> fresh = new HashMap<>();
    int size = size();
    for (AddedToken token : added) {
      String held = fresh.getOrDefault(token.id(), text(token.id()));
      if (!held.isEmpty() && !held.equals(token.content())) {
        throw Refusal.model(
            "the tokenizer gives id "
                + token.id()
                + " to \""
                + held
                + "\" and \""
                + token.content()
                + "\"",
            "download the model again");
      }
      if (held.isEmpty()) {
        fresh.put(token.id(), token.content());
        size = Math.max(size, token.id() + 1);
      }
    }
    return fresh.isEmpty() ? this : with(fresh, size);
  }

  private Vocabulary with(Map<Integer, String> fresh, int size) {
    Utf8List.Builder builder = new Utf8List.Builder(fresh.size());
    fresh.values().forEach(builder::add);
    Utf8List texts = builder.build();
    int used = bytes.length;
    int more = texts.end(texts.size() - 1);
    byte[] all = Arrays.copyOf(bytes, used + more);
    System.arraycopy(texts.bytes(), 0, all, used, more);
    long[] allSpans = Arrays.copyOf(spans, size);
    int place = 0;
    for (int id : fresh.keySet()) {
      allSpans[id] = span(used + texts.start(place), used + texts.end(place));
      place++;
    }
    return new Vocabulary(all, allSpans, hashes, index);
  }

  /** One more than the highest id. */
  int size() {
    return spans.length;
  }

  /** The text of {@code id}, "" where it has none. */
  String text(int id) {
    return id >= 0 && id < spans.length
        ? new String(bytes, start(spans[id]), length(spans[id]), StandardCharsets.UTF_8)
        : "";
  }

  OptionalInt id(String text) {
    int id = find(Utf16.repaired(text));
    return id == NONE ? OptionalInt.empty() : OptionalInt.of(id);
  }

  /** The id of {@code text}, which has no lone surrogates, or -1. */
  int find(String text) {
    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
    return find(utf8, 0, utf8.length);
  }

  /** The id of the text whose UTF-8 is the bytes from {@code from} to before {@code to}, or -1. */
  int find(byte[] text, int from, int to) {
    int hash = hash(text, from, to);
    int mask = index.length - 1;
    for (int slot = slot(hash); index[slot] != 0; slot = slot + 1 & mask) {
      int id = (int) index[slot] - 1;
      if (index[slot] >> 32 == hash
          && length(spans[id]) == to - from
          && isAt(start(spans[id]), text, from, to)) {
        return id;
      }
    }
    return NONE;
  }

  /** Whether the text of {@code id} is that of {@code left} followed by that of {@code right}. */
  boolean isJoined(int id, int left, int right) {
    int start = start(spans[id]);
    int head = length(spans[left]);
    return length(spans[id]) == head + length(spans[right])
        && isAt(start, bytes, start(spans[left]), end(spans[left]))
        && isAt(start + head, bytes, start(spans[right]), end(spans[right]));
  }

  /** The id of the text of {@code left} followed by that of {@code right}, or -1. */
  int findJoined(int left, int right) {
    int tail = length(spans[right]);
    // The hash is a polynomial in 31, so that of the whole follows from those of the halves.
    int hash = hashes[left];
    for (int i = 0; i < tail; i++) {
      hash *= 31;
    }
    hash += hashes[right];
    int mask = index.length - 1;
    for (int slot = slot(hash); index[slot] != 0; slot = slot + 1 & mask) {
      int id = (int) index[slot] - 1;
      if (index[slot] >> 32 == hash && isJoined(id, left, right)) {
        return id;
      }
    }
    return NONE;
  }

  private void insert(int id) {
    int from = start(spans[id]);
    int to = end(spans[id]);
    int hash = hash(bytes, from, to);
    hashes[id] = hash;
    int mask = index.length - 1;
    int slot = slot(hash);
    for (; index[slot] != 0; slot = slot + 1 & mask) {
      int held = (int) index[slot] - 1;
      if (index[slot] >> 32 == hash
          && length(spans[held]) == to - from
          && isAt(start(spans[held]), bytes, from, to)) {
        throw Refusal.model(
            "the tokenizer gives \"" + text(id) + "\" the ids " + held + " and " + id,
            "download the model again");
      }
    }
    index[slot] = (long) hash << 32 | id + 1;
  }

  // A plain loop: most texts are shorter than what a call of Arrays.equals costs.
  private boolean isAt(int start, byte[] text, int from, int to) {
    for (int i = from, at = start; i < to; i++, at++) {
      if (bytes[at] != text[i]) {
        return false;
      }
    }
    return true;
  }

  private static long span(int start, int end) {
    return (long) start << 32 | end;
  }

  private static int start(long span) {
    return (int) (span >> 32);
  }

  private static int end(long span) {
    return (int) span;
  }

  private static int length(long span) {
    return end(span) - start(span);
  }

  private static int hash(byte[] text, int from, int to) {
    int hash = 0;
    for (int i = from; i < to; i++) {
      hash = 31 * hash + text[i];
    }
    return hash;
  }

  private int slot(int hash) {
    return (hash ^ hash >>> 15) * 0x9E3779B9 >>> Integer.numberOfLeadingZeros(index.length) + 1;
  }
}

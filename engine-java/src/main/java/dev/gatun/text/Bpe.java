// Bpe: byte-pair encoding of one word.
package dev.gatun.text;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.OptionalInt;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.IntPredicate;

/**
 * Splits a word into its characters' tokens and merges adjacent pairs, always the pair of lowest
 * rank and among equals the leftmost, until none is left (Sennrich et al. 2016,
 * https://arxiv.org/abs/1508.07909). A heap of candidates over a linked list of symbols makes this
 * O(n log n) in the length of the word. Safe for use by many threads.
 */
final class Bpe {
  /**
   * How words are spelled and what stands for a character without a token.
   *
   * @param byteLevel words are spelled in {@link ByteLevel}'s alphabet
   * @param ignoreMerges a word that is itself a token is not built from merges
   * @param byteFallback a character without a token becomes its UTF-8 bytes' tokens {@code <0x00>}
   *     to {@code <0xFF>}
   * @param unknown the token of a character without one; where empty, such a character is dropped
   * @param fuseUnknown a run of such characters makes one unknown token
   */
  record Options(
      boolean byteLevel,
      boolean ignoreMerges,
      boolean byteFallback,
      OptionalInt unknown,
      boolean fuseUnknown) {}

  private static final HexFormat HEX = HexFormat.of().withUpperCase();
  private static final int CACHED_WORDS = 20_000;
  private static final int CACHED_LENGTH = 64; // UTF-16 units; longer words hardly come twice

  private final Vocabulary vocabulary;
  private final Merges merges;
  private final Options options;
  private final IntPredicate special;
  private final int[] letters = new int[ByteLevel.LETTERS]; // their ids, or -1
  private final ConcurrentHashMap<String, int[]> cache = new ConcurrentHashMap<>(1024);

  /** {@code special} tells the ids which no word may become, however it is spelled. */
  Bpe(Vocabulary vocabulary, Merges merges, Options options, IntPredicate special) {
    this.vocabulary = vocabulary;
    this.merges = merges;
    this.options = options;
    this.special = special;
    Arrays.setAll(letters, c -> vocabulary.find(Character.toString(c)));
  }

  void encode(String word, Ids out) {
    int[] known = cache.get(word);
    if (known != null) {
      out.add(known);
      return;
    }
    int[] ids = encode(options.byteLevel() ? ByteLevel.spell(word) : word);
    if (word.length() <= CACHED_LENGTH && cache.size() < CACHED_WORDS) {
      cache.put(word, ids);
    }
    out.add(ids);
  }

  private int[] encode(String spelled) {
    if (options.ignoreMerges()) {
      int id = vocabulary.find(spelled);
      if (id >= 0 && !special.test(id)) {
        return new int[] {id};
      }
    }
    return merge(symbols(spelled));
  }

  private int[] symbols(String spelled) {
    Ids symbols = new Ids();
    boolean afterUnknown = false;
    for (int at = 0; at < spelled.length(); ) {
      int codePoint = spelled.codePointAt(at);
      at += Character.charCount(codePoint);
      int id = symbol(codePoint);
      if (id >= 0) {
        symbols.add(id);
        afterUnknown = false;
      } else if (!(options.byteFallback() && fallBack(codePoint, symbols))
          && options.unknown().isPresent()) {
        if (!(afterUnknown && options.fuseUnknown())) {
          symbols.add(options.unknown().getAsInt());
        }
        afterUnknown = true;
      }
    }
    return symbols.toArray();
  }

  private int symbol(int codePoint) {
    return codePoint < letters.length
        ? letters[codePoint]
        : vocabulary.find(Character.toString(codePoint));
  }

  private boolean fallBack(int codePoint, Ids symbols) {
    byte[] bytes = Character.toString(codePoint).getBytes(StandardCharsets.UTF_8);
    int[] ids = new int[bytes.length];
    for (int i = 0; i < bytes.length; i++) {
      ids[i] = vocabulary.find("<0x" + HEX.toHexDigits(bytes[i]) + ">");
      if (ids[i] < 0) {
        return false;
      }
    }
    symbols.add(ids);
    return true;
  }

  // A candidate is rank << 32 | position of its left symbol, so that the heap's order is the order
  // of merging.
  private int[] merge(int[] symbols) {
    int n = symbols.length;
    int[] previous = new int[n];
    int[] next = new int[n];
    LongHeap candidates = new LongHeap(n);
    for (int i = 0; i < n; i++) {
      previous[i] = i - 1;
      next[i] = i + 1;
      offer(candidates, symbols, i, i + 1);
    }
    while (!candidates.isEmpty()) {
      long candidate = candidates.pop();
      int left = (int) candidate;
      int product = merges.product((int) (candidate >>> 32));
      int right = next[left];
      if (symbols[left] < 0 || right >= n || !makes(symbols[left], symbols[right], product)) {
        continue; // one of the pair was merged away since
      }
      symbols[left] = product;
      symbols[right] = -1;
      next[left] = next[right];
      if (next[left] < n) {
        previous[next[left]] = left;
      }
      offer(candidates, symbols, previous[left], left);
      offer(candidates, symbols, left, next[left]);
    }
    Ids merged = new Ids();
    for (int i = 0; i < n; i = next[i]) {
      merged.add(symbols[i]);
    }
    return merged.toArray();
  }

  private boolean makes(int left, int right, int product) {
    int rank = merges.rank(left, right);
    return rank != Merges.NONE && merges.product(rank) == product;
  }

  private void offer(LongHeap candidates, int[] symbols, int left, int right) {
    if (left >= 0 && right < symbols.length) {
      int rank = merges.rank(symbols[left], symbols[right]);
      if (rank != Merges.NONE) {
        candidates.push((long) rank << 32 | left);
      }
    }
  }
}

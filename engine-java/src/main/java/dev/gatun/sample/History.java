// History: the tokens seen so far, newest last.
package dev.gatun.sample;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/** A growing list of token ids, looked back on by the penalties. */
final class History {
  private int[] tokens = new int[256];
  private int size;

  void add(int token) {
    if (size == tokens.length) {
      tokens = Arrays.copyOf(tokens, 2 * size);
    }
    tokens[size++] = token;
  }

  int size() {
    return size;
  }

  /** The last {@code lastN} tokens (-1: all), newest first. */
  int[] newestFirst(int lastN) {
    int length = lastN == -1 ? size : Math.min(lastN, size);
    int[] window = new int[length];
    for (int i = 0; i < length; i++) {
      window[i] = tokens[size - 1 - i];
    }
    return window;
  }

  /** How often each token occurs among the last {@code lastN} (-1: all). */
  Map<Integer, Integer> counts(int lastN) {
    Map<Integer, Integer> counts = new LinkedHashMap<>();
    for (int token : newestFirst(lastN)) {
      counts.merge(token, 1, Integer::sum);
    }
    return counts;
  }
}

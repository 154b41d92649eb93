// Repetitions: which tokens would extend a repetition, and how long it is; the matching half of
// DRY.
package dev.gatun.sample;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * DRY's matching (source: p-e-w, text-generation-webui pull request 5677): a token extends a
 * repetition of length n when the last n tokens also occur earlier, followed by that token. A match
 * never reaches back across a sequence breaker, and a token that is a breaker by itself is never
 * counted.
 */
final class Repetitions {
  private Repetitions() {}

  /**
   * The longest repetition each token would extend.
   *
   * @param window the tokens looked back on, newest first
   * @return token id to length, 1 or more
   */
  static Map<Integer, Integer> longest(int[] window, List<List<Integer>> breakers) {
    int limit = sinceBreaker(window, breakers);
    int[] matches = prefixMatches(window);
    Map<Integer, Integer> longest = new LinkedHashMap<>();
    for (int start = 1; start < window.length; start++) {
      int length = Math.min(matches[start], limit);
      int next = window[start - 1];
      if (length > 0 && !breakers.contains(List.of(next))) {
        longest.merge(next, length, Math::max);
      }
    }
    return longest;
  }

  /**
   * How many of the newest tokens come after the last complete breaker; all of them where there is
   * none.
   */
  private static int sinceBreaker(int[] window, List<List<Integer>> breakers) {
    for (int end = 0; end < window.length; end++) {
      for (List<Integer> breaker : breakers) {
        if (endsAt(window, end, breaker)) {
          return end;
        }
      }
    }
    return window.length;
  }

  private static boolean endsAt(int[] window, int end, List<Integer> breaker) {
    int last = breaker.size() - 1;
    if (end + last >= window.length) {
      return false;
    }
    for (int i = 0; i <= last; i++) {
      if (window[end + i] != breaker.get(last - i)) {
        return false;
      }
    }
    return true;
  }

  /**
   * Z-function: element i is the length of the longest common prefix of {@code a} and {@code a}
   * from i on (source: Gusfield 1997, section 1.3). Linear even on a text that loops, where
   * comparing each pair of places is quadratic.
   */
  private static int[] prefixMatches(int[] a) {
    int[] z = new int[a.length];
    int left = 0;
    int right = 0;
    for (int i = 1; i < a.length; i++) {
      int length = i < right ? Math.min(right - i, z[i - left]) : 0;
      while (i + length < a.length && a[length] == a[i + length]) {
        length++;
      }
      z[i] = length;
      if (i + length > right) {
        left = i;
        right = i + length;
      }
    }
    return z;
  }
}

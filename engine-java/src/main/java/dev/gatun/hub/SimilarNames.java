// SimilarNames: the names most like a mistyped one.
package dev.gatun.hub;

import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * Orders names by the share of letter pairs they have in common with a wanted one (Dice's
 * coefficient).
 */
final class SimilarNames {
  private SimilarNames() {}

  static Stream<String> mostSimilarFirst(String wanted, List<String> names) {
    List<String> pairs = pairs(wanted);
    return names.stream()
        .sorted(
            Comparator.comparingDouble((String name) -> -likeness(pairs, pairs(name)))
                .thenComparing(name -> name));
  }

  private static double likeness(List<String> a, List<String> b) {
    long common = a.stream().filter(b::contains).count();
    return 2.0 * common / (a.size() + b.size());
  }

  private static List<String> pairs(String text) {
    String padded = " " + text.toLowerCase(Locale.ROOT) + " ";
    return Stream.iterate(0, i -> i < padded.length() - 1, i -> i + 1)
        .map(i -> padded.substring(i, i + 2))
        .toList();
  }
}

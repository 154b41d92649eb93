// RandomExchanges: exchanges whose every byte is known, for all implementations of ranks.
package dev.gatun.ranks;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.gatun.device.Parts;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

final class RandomExchanges {
  static final int BYTES = 4096;

  private RandomExchanges() {}

  static List<Integer> everyone(Ranks ranks) {
    return IntStream.range(0, ranks.size()).boxed().toList();
  }

  /**
   * Parts of random sizes, some empty, for all or in pieces for each, exchanges overlapping as far
   * as they may.
   */
  static void run(Ranks ranks, int rounds) {
    run(ranks.group(everyone(ranks), BYTES), rounds);
  }

  static void run(Group group, int rounds) {
    SplittableRandom sizes = new SplittableRandom(7); // the same on all ranks
    for (int round = 0; round < rounds; round++) {
      nested(group, sizes, 1 + sizes.nextInt(Group.MOST_OPEN), round);
    }
  }

  static void nested(Group group, SplittableRandom sizes, int depth, int round) {
    Parts parts = parts(group.members().size(), sizes);
    try (Exchange exchange = group.begin(parts)) {
      for (long at = parts.begin(group.index()); at < parts.end(group.index()); at++) {
        exchange.at(at).set(ValueLayout.JAVA_BYTE, 0, value(round, depth, group.index(), at));
      }
      exchange.publish();
      if (depth > 1) {
        nested(group, sizes, depth - 1, round);
      }
      if ((round + depth + group.index()) % 5 == 0) {
        return; // This member reads nothing, and does not wait.
      }
      exchange.await();
      for (int member = 0; member < parts.count(); member++) {
        long end = parts.end(member, group.index());
        for (long at = parts.begin(member, group.index()); at < end; at++) {
          assertEquals(
              value(round, depth, member, at), exchange.at(at).get(ValueLayout.JAVA_BYTE, 0));
        }
      }
    }
  }

  private static Parts parts(int members, SplittableRandom sizes) {
    if (sizes.nextBoolean()) {
      return Parts.toAll(sizes.longs(members, 0, BYTES / members).toArray());
    }
    long[][] bytes = new long[members][];
    for (int member = 0; member < members; member++) {
      bytes[member] = sizes.longs(members, 0, BYTES / members / members).toArray();
    }
    return Parts.of(bytes);
  }

  private static byte value(int round, int depth, int member, long at) {
    return (byte) (31 * round + 7 * depth + 3 * member + at);
  }
}

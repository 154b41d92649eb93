// Philox: the counter-based random numbers every draw is made with, equal on every device.
package dev.gatun.sample;

/**
 * Philox4x32-10 (source: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3",
 * SC 2011). The number is a pure function of key and counter, so a device can draw the same one
 * without sharing any state.
 */
final class Philox {
  private static final int MULTIPLIER_0 = 0xD2511F53;
  private static final int MULTIPLIER_1 = 0xCD9E8D57;
  private static final int WEYL_0 = 0x9E3779B9;
  private static final int WEYL_1 = 0xBB67AE85;
  private static final int ROUNDS = 10;

  private Philox() {}

  /**
   * The block of four 32-bit words for {@code counter} (4 words) under {@code key} (2 words),
   * lowest word first.
   */
  static int[] block(int[] counter, int[] key) {
    int[] x = counter.clone();
    int key0 = key[0];
    int key1 = key[1];
    for (int round = 0; round < ROUNDS; round++) {
      long product0 = unsignedProduct(MULTIPLIER_0, x[0]);
      long product1 = unsignedProduct(MULTIPLIER_1, x[2]);
      x[0] = (int) (product1 >>> 32) ^ x[1] ^ key0;
      x[2] = (int) (product0 >>> 32) ^ x[3] ^ key1;
      x[1] = (int) product1;
      x[3] = (int) product0;
      key0 += WEYL_0;
      key1 += WEYL_1;
    }
    return x;
  }

  /**
   * A number in [0, 1) with 53 bits, from the first two words of the block of {@code seed} and
   * {@code position}.
   */
  static double uniform(long seed, long position) {
    int[] words =
        block(
            new int[] {(int) position, (int) (position >>> 32), 0, 0},
            new int[] {(int) seed, (int) (seed >>> 32)});
    long bits = ((long) (words[0] >>> 5) << 26) | (words[1] >>> 6);
    return bits * 0x1p-53;
  }

  private static long unsignedProduct(int a, int b) {
    return (a & 0xFFFFFFFFL) * (b & 0xFFFFFFFFL);
  }
}

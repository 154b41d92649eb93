// PhiloxTest: known answers and the uniform numbers made from them.
package dev.gatun.sample;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class PhiloxTest {
  // Source: Random123's kat_vectors, "philox4x32 10".
  @Test
  void knownAnswers() {
    assertArrayEquals(
        new int[] {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8},
        Philox.block(new int[] {0, 0, 0, 0}, new int[] {0, 0}));
    assertArrayEquals(
        new int[] {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd},
        Philox.block(new int[] {-1, -1, -1, -1}, new int[] {-1, -1}));
    assertArrayEquals(
        new int[] {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1},
        Philox.block(
            new int[] {0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
            new int[] {0xa4093822, 0x299f31d0}));
  }

  @Test
  void uniformIsTheTopBitsOfTheFirstTwoWords() {
    double expected = ((0x6627e8d5L >>> 5) * (double) (1 << 26) + (0xe169c58dL >>> 6)) * 0x1p-53;
    assertEquals(expected, Philox.uniform(0, 0));
  }

  @Test
  void everyBitOfSeedAndPositionCounts() {
    double reference = Philox.uniform(5, 9);
    for (int bit = 0; bit < 63; bit++) {
      assertNotEquals(reference, Philox.uniform(5 ^ 1L << bit, 9));
      assertNotEquals(reference, Philox.uniform(5, 9 ^ 1L << bit));
    }
  }

  @Test
  void uniformFillsTheUnitInterval() {
    double sum = 0;
    double least = 1;
    double most = 0;
    int count = 100_000;
    for (int i = 0; i < count; i++) {
      double u = Philox.uniform(42, i);
      sum += u;
      least = Math.min(least, u);
      most = Math.max(most, u);
    }
    // The mean of n uniform numbers has a standard deviation of 1 / sqrt(12 n); five of them here.
    assertEquals(0.5, sum / count, 5 / Math.sqrt(12.0 * count));
    assertTrue(least >= 0 && least < 1e-3);
    assertTrue(most < 1 && most > 0.999);
  }
}

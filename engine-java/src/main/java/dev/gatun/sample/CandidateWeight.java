// CandidateWeight: how likely a candidate is beside the likeliest, as an integer.
package dev.gatun.sample;

/**
 * Sums of integers are exact and have no order, so many threads may add them up and get one result.
 * What leads to a weight is single additions and products of float, which IEEE 754 fixes to the
 * bit: the same formula in C++ ({@code bindings/native/draw.hpp}) gives the same weight on every
 * device.
 */
final class CandidateWeight {
  /** The weight of the likeliest. */
  static final double ONE = 0x1p40;

  /** Added and taken away, it rounds to an integer. */
  private static final float NEAREST = 0x1.8p23f;

  private static final float PER_LN_2 = 0x1.715476p0f;

  /** ln 2 is the first, which has 9 bits, less the second. */
  private static final float LN_2 = 0x1.63p-1f;

  private static final float LN_2_EXCESS = 0x1.bd0106p-13f;

  private CandidateWeight() {}

  /**
   * {@code e^below * 2^40} rounded down, within 2e-7 of its value or 1. {@code e^r} is a Taylor
   * polynomial of degree 7 on {@code |r| <= ln 2 / 2}, whose remainder is below 6e-9.
   *
   * @param below logit less the greatest logit: 0 or less
   */
  static long of(float below) {
    if (!(below > -28)) {
      return 0;
    }
    float n = (below * PER_LN_2 + NEAREST) - NEAREST;
    float r = (below - n * LN_2) + n * LN_2_EXCESS;
    float p = 1f / 5040;
    p = p * r + 1f / 720;
    p = p * r + 1f / 120;
    p = p * r + 1f / 24;
    p = p * r + 1f / 6;
    p = p * r + 0.5f;
    p = p * r + 1;
    p = p * r + 1;
    return (long) (p * Float.intBitsToFloat(((int) n + 40 + 127) << 23));
  }
}

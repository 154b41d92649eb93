// RankLoad: what one rank of a load has on its device.
package dev.gatun.load;

/**
 * All in bytes.
 *
 * @param weights on the device
 * @param experts of them, in routed experts
 * @param head of them, of the output projection
 * @param cache in its pages
 * @param planned what the load was to allocate, as far as it was known before: weights, embedding,
 *     cache, activations and what ops are lent
 * @param allocated what it did allocate, on the device and on the host for it
 */
public record RankLoad(
    long weights, long experts, long head, long cache, long planned, long allocated) {

  static RankLoad of(long[] numbers) {
    return new RankLoad(numbers[0], numbers[1], numbers[2], numbers[3], numbers[4], numbers[5]);
  }

  long[] numbers() {
    return new long[] {weights, experts, head, cache, planned, allocated};
  }

  /**
   * Bytes of weights that a token reads, where each expert is chosen as often as any other.
   *
   * @param chosen a token's experts as a share of all, 0 to 1
   */
  public double weightsPerToken(double chosen) {
    return weights - experts + experts * chosen;
  }
}

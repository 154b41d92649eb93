// CacheLoss: what rounding the cache costs a model's answers, as measured.
package dev.gatun.load;

import dev.gatun.device.DType;
import dev.gatun.kv.CacheTypes;
import java.util.Locale;

/**
 * KL divergence in nats a token from a float32 cache. Measured on the demo model, of 135 million
 * parameters and heads of 64 elements, in 1,200 tokens of prose and code, keys and values apart;
 * both together lose the sum and up to a seventh more. Other models lose more or less, in the same
 * order.
 */
public record CacheLoss(double divergence) {

  public static CacheLoss of(CacheTypes types) {
    return new CacheLoss(ofKeys(types.keys()) + ofValues(types.values()));
  }

  private static double ofKeys(DType type) {
    return switch (type) {
      case F32 -> 0;
      case F16 -> 3.3e-7;
      case BF16 -> 2.1e-5;
      case F8 -> 5.1e-3;
      case Q8_0 -> 4.5e-4;
      case Q4_0 -> 3.6e-2;
      case TURBO4 -> 3.9e-2;
      case TURBO3 -> 1.8e-1;
      default -> throw new IllegalArgumentException(type + " is no type of a cache");
    };
  }

  private static double ofValues(DType type) {
    return switch (type) {
      case F32 -> 0;
      case F16 -> 3.7e-8;
      case BF16 -> 2.1e-6;
      case F8 -> 6.3e-4;
      case Q8_0 -> 3.1e-5;
      case Q4_0 -> 7.7e-3;
      case TURBO4 -> 6.1e-3;
      case TURBO3 -> 2.6e-2;
      default -> throw new IllegalArgumentException(type + " is no type of a cache");
    };
  }

  /** With two digits: {@code 4.8e-4}. */
  String number() {
    return divergence == 0
        ? "0"
        : String.format(Locale.ROOT, "%.1e", divergence).replace("e-0", "e-");
  }

  /** Digits and how much that is: Q4_K_M weights lose about 3e-2, Q4_0 7e-2 (llama.cpp's table). */
  String words() {
    String degree =
        divergence < 1e-3
            ? "next to nothing"
            : divergence < 1e-2
                ? "little"
                : divergence < 6e-2 ? "about what 4-bit weights do" : "more than 4-bit weights do";
    return (divergence < 0.15 ? degree : "much") + " (" + number() + ")";
  }
}

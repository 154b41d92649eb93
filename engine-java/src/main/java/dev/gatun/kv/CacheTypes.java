// CacheTypes: the number formats of the cache's keys and values.
package dev.gatun.kv;

import dev.gatun.device.DType;
import dev.gatun.refusal.Refusal;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** How each is rounded is told at {@code gk_rope_store} in kernels.h. */
public record CacheTypes(DType keys, DType values) {
  private static final int SCALE = Short.BYTES;

  /** Types that a latent cache does not have. */
  private static final Set<DType> NOT_OF_LATENTS =
      EnumSet.of(DType.Q4_0, DType.TURBO4, DType.TURBO3);

  private static final Map<String, DType> NAMES =
      Map.of(
          "f32", DType.F32,
          "f16", DType.F16,
          "bf16", DType.BF16,
          "f8", DType.F8,
          "fp8", DType.F8,
          "fp8_e4m3", DType.F8,
          "q8_0", DType.Q8_0,
          "q4_0", DType.Q4_0,
          "turbo4", DType.TURBO4,
          "turbo3", DType.TURBO3);

  /**
   * Reads {@code q8_0} for both, or {@code q8_0,q4_0} for keys and values; Refusal.usage on
   * anything else.
   */
  public static CacheTypes parse(String names) {
    List<DType> types = Arrays.stream(names.split(",", -1)).map(CacheTypes::type).toList();
    if (types.size() > 2) {
      throw Refusal.usage(
          "'" + names + "' names " + types.size() + " types of the cache",
          "give one, or that of keys and that of values");
    }
    return new CacheTypes(types.getFirst(), types.getLast());
  }

  /** Reads {@code q8_0}, {@code f8} and so on; Refusal.usage on anything else. */
  public static DType type(String name) {
    DType type = NAMES.get(name.strip().toLowerCase(Locale.ROOT));
    if (type == null) {
      throw Refusal.usage(
          "there is no cache type '" + name + "'",
          "use f32, f16, bf16, f8, q8_0, q4_0, turbo4 or turbo3");
    }
    return type;
  }

  /** A name that {@link #type} reads: llama.cpp's where it has the type. */
  public static String name(DType type) {
    return type.name().toLowerCase(Locale.ROOT);
  }

  /**
   * Bytes of one token in one head of {@code headDim} elements.
   *
   * @param latent the keys are all there is
   */
  public long headBytes(int headDim, boolean latent) {
    return headBytes(keys, headDim) + (latent ? 0 : headBytes(values, headDim));
  }

  /** Bits of an element, scales included, on average over keys and values. */
  public double bits(int headDim, boolean latent) {
    return 8.0 * headBytes(headDim, latent) / (latent ? headDim : 2 * headDim);
  }

  /** Whether these types suit heads of {@code headDim} elements, of a latent cache or another. */
  public boolean suits(int headDim, boolean latent) {
    return headDim % keys.blockSize() == 0
        && headDim % values.blockSize() == 0
        && (!latent || keys == values && !NOT_OF_LATENTS.contains(keys));
  }

  private static long headBytes(DType type, int headDim) {
    return type.bytes(headDim) + (hasScaleOfHead(type) ? SCALE : 0);
  }

  private static boolean hasScaleOfHead(DType type) {
    return type == DType.TURBO4 || type == DType.TURBO3;
  }

  /** Refusal.usage where they do not {@link #suits suit}. */
  public void requireHeads(int headDim, boolean latent) {
    if (latent && (keys != values || NOT_OF_LATENTS.contains(keys))) {
      throw Refusal.usage(
          "this model's cache holds latents, which are keys and values at once, not " + this,
          "use --kv f32, f16, bf16, f8 or q8_0 for both");
    }
    require("keys", keys, headDim, "-ctk");
    require("values", values, headDim, "-ctv");
  }

  private static void require(String what, DType type, int headDim, String option) {
    if (headDim % type.blockSize() != 0) {
      throw Refusal.usage(
          what
              + " in "
              + name(type)
              + " come in blocks of "
              + type.blockSize()
              + ", this model's heads have "
              + headDim
              + " elements",
          "use " + option + " f8 or f16");
    }
  }

  /** {@code f16}, or {@code q8_0,q4_0} where keys and values differ, as {@code --kv} takes it. */
  @Override
  public String toString() {
    return keys == values ? name(keys) : name(keys) + "," + name(values);
  }
}

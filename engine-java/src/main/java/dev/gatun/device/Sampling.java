// Sampling: how a device draws a token from a row of logits.
package dev.gatun.device;

import dev.gatun.bindings.Kernels;
import dev.gatun.bindings.gk_sampling;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * What {@code gk_sampling} holds; ranges are stated there.
 *
 * @param seed key of the random number
 * @param position its counter
 * @param limit ids from here on are never drawn
 * @param topK 0 or less is off
 * @param topP 1 is off
 * @param minP a share, 0 is off
 * @param temperature 0: the greatest logit
 * @param chain the stages in their order, each at most once
 * @param masked whether a mask says which ids may be drawn
 */
public record Sampling(
    long seed,
    long position,
    int limit,
    int topK,
    double topP,
    double minP,
    double temperature,
    List<Stage> chain,
    boolean masked) {

  /** Bytes of the struct. */
  public static final long BYTES = gk_sampling.sizeof();

  private static final int NO_MASK = -1;

  /** In place of a token: a logit is NaN or infinite. */
  public static final int NOT_A_NUMBER = Kernels.GK_NOT_A_NUMBER();

  /** In place of a token: every logit is negative infinity, or masked. */
  public static final int ALL_BANNED = Kernels.GK_ALL_BANNED();

  /** Stages that devices know. */
  public enum Stage {
    TOP_K(Kernels.GK_STAGE_TOP_K()),
    TOP_P(Kernels.GK_STAGE_TOP_P()),
    MIN_P(Kernels.GK_STAGE_MIN_P()),
    TEMPERATURE(Kernels.GK_STAGE_TEMPERATURE());

    private final int id;

    Stage(int id) {
      this.id = id;
    }
  }

  public Sampling {
    chain = List.copyOf(chain);
  }

  /** Draws the greatest logit of the first {@code limit}. */
  public static Sampling greedy(int limit) {
    return new Sampling(0, 0, limit, 0, 1, 0, 0, List.of(), false);
  }

  public Sampling at(long position) {
    return new Sampling(seed, position, limit, topK, topP, minP, temperature, chain, masked);
  }

  /**
   * Writes the struct to the front of {@code to}.
   *
   * @param mask row of the masks that is its own, where it is {@link #masked}
   */
  public void write(MemorySegment to, int mask) {
    gk_sampling.seed(to, seed);
    gk_sampling.position(to, position);
    gk_sampling.top_p(to, topP);
    gk_sampling.temperature(to, (float) temperature);
    gk_sampling.min_p(to, (float) Math.log(minP));
    gk_sampling.top_k(to, topK);
    gk_sampling.chain(to, packedChain());
    gk_sampling.limit(to, limit);
    gk_sampling.mask(to, masked ? mask : NO_MASK);
  }

  private int packedChain() {
    int packed = 0;
    for (int i = chain.size() - 1; i >= 0; i--) {
      packed = packed << 4 | chain.get(i).id;
    }
    return packed;
  }
}

// Scaling: how RoPE's frequencies are changed for contexts longer than the training's.
package dev.gatun.weights;

import java.util.Optional;

/**
 * The scalings of transformers' modeling_rope_utils.py (ROPE_INIT_FUNCTIONS) and of GGUF; here are only their parameters.
 * All factors are positive and finite.
 */
public sealed interface Scaling {

  /** Frequencies as they are. */
  record None() implements Scaling {}

  /** Every frequency divided by {@code factor}. */
  record Linear(double factor) implements Scaling {}

  /**
   * Llama 3.1: wavelengths above originalContext / lowFreqFactor divided by {@code factor}, below originalContext /
   * highFreqFactor untouched, smooth in between.
   */
  record Llama3(double factor, double lowFreqFactor, double highFreqFactor, int originalContext)
      implements Scaling {}

  /**
   * YaRN (Peng et al. 2023).
   *
   * @param originalContext positions before scaling
   * @param betaFast turns over the original context above which a frequency stays; 32 unless said
   * @param betaSlow turns below which it is fully divided; 1 unless said
   * @param truncate round the ramp's ends outward to whole pair indices; true unless said
   * @param attentionFactor multiplies cos and sin; where empty it follows from {@code factor} and the two mscales
   */
  record Yarn(
      double factor,
      int originalContext,
      double betaFast,
      double betaSlow,
      boolean truncate,
      Optional<Double> attentionFactor,
      Optional<Double> mscale,
      Optional<Double> mscaleAllDim)
      implements Scaling {}

  /** Frequency i divided by {@code factors[i]}, dim/2 of them (GGUF's {@code rope_freqs.weight}). */
  record FrequencyFactors(float[] factors) implements Scaling {}
}

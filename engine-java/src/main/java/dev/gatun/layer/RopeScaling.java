// RopeScaling: the frequencies of RoPE, as each scaling changes them.
package dev.gatun.layer;

import dev.gatun.weights.Rope;
import dev.gatun.weights.Scaling;

/**
 * Formulas: transformers, modeling_rope_utils.py.
 *
 * @param invFreq (dim / 2): radians a position
 * @param factor multiplies cosines and sines
 */
public record RopeScaling(float[] invFreq, float factor) {

  public static RopeScaling of(Rope rope) {
    double[] inv = new double[rope.dim() / 2];
    for (int i = 0; i < inv.length; i++) {
      inv[i] = Math.pow(rope.theta(), -2.0 * i / rope.dim());
    }
    double factor = 1;
    switch (rope.scaling()) {
      case Scaling.None none -> {}
      case Scaling.Linear linear -> divide(inv, linear.factor());
      case Scaling.Llama3 llama3 -> llama3(inv, llama3);
      case Scaling.Yarn yarn -> {
        yarn(inv, yarn, rope);
        factor = yarnFactor(yarn);
      }
      case Scaling.FrequencyFactors factors -> {
        for (int i = 0; i < inv.length; i++) {
          inv[i] /= factors.factors()[i];
        }
      }
    }
    float[] invFreq = new float[inv.length];
    for (int i = 0; i < inv.length; i++) {
      invFreq[i] = (float) inv[i];
    }
    return new RopeScaling(invFreq, (float) factor);
  }

  private static void divide(double[] inv, double factor) {
    for (int i = 0; i < inv.length; i++) {
      inv[i] /= factor;
    }
  }

  private static void llama3(double[] inv, Scaling.Llama3 s) {
    for (int i = 0; i < inv.length; i++) {
      double turns = s.originalContext() * inv[i] / (2 * Math.PI);
      double smooth = (turns - s.lowFreqFactor()) / (s.highFreqFactor() - s.lowFreqFactor());
      double keep = Math.clamp(smooth, 0.0, 1.0);
      inv[i] = keep * inv[i] + (1 - keep) * inv[i] / s.factor();
    }
  }

  private static void yarn(double[] inv, Scaling.Yarn s, Rope rope) {
    double low = correctionDim(s.betaFast(), s.originalContext(), rope);
    double high = correctionDim(s.betaSlow(), s.originalContext(), rope);
    if (s.truncate()) {
      low = Math.floor(low);
      high = Math.ceil(high);
    }
    low = Math.max(low, 0);
    high = Math.min(high, rope.dim() - 1.0);
    double width = high == low ? 0.001 : high - low;
    for (int i = 0; i < inv.length; i++) {
      double ramp = Math.clamp((i - low) / width, 0.0, 1.0);
      inv[i] = inv[i] / s.factor() * ramp + inv[i] * (1 - ramp);
    }
  }

  /** The pair index that turns {@code rotations} times over the original context. */
  private static double correctionDim(double rotations, int originalContext, Rope rope) {
    return rope.dim()
        * Math.log(originalContext / (rotations * 2 * Math.PI))
        / (2 * Math.log(rope.theta()));
  }

  private static double yarnFactor(Scaling.Yarn s) {
    if (s.attentionFactor().isPresent()) {
      return s.attentionFactor().get();
    }
    if (s.mscale().isPresent() && s.mscaleAllDim().isPresent()) {
      return mscale(s.factor(), s.mscale().get()) / mscale(s.factor(), s.mscaleAllDim().get());
    }
    return mscale(s.factor(), 1);
  }

  private static double mscale(double factor, double mscale) {
    return factor <= 1 ? 1 : 0.1 * mscale * Math.log(factor) + 1;
  }
}

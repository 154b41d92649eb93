// MtpLayer: whether a checkpoint has the layer of multi-token prediction that is asked for.
package dev.gatun.weights;

import dev.gatun.refusal.Refusal;
import java.util.Set;

/** The layer behind a model's own; see {@link dev.gatun.layer.Mtp} for what it computes. */
final class MtpLayer {
  private MtpLayer() {}

  /**
   * A refusal where a configuration does not say that there is exactly one.
   *
   * @param count how many it says there are
   */
  static void require(int count, String source) {
    if (count == 0) {
      throw absent(source);
    }
    if (count != 1) {
      throw Refusal.usage(
          source + " has " + count + " layers of multi-token prediction, expected one",
          "leave out --mtp");
    }
  }

  /**
   * A refusal where the files lack it, as many do whose configuration says they have it.
   *
   * @param names of their tensors, Hugging Face's
   */
  static void require(Set<String> names, ModelConfig config, String source) {
    if (config.mtp() && !names.contains("model.layers." + config.layers() + ".eh_proj.weight")) {
      throw absent(source);
    }
  }

  static Refusal absent(String source) {
    return Refusal.usage(source + " has no layer of multi-token prediction", "leave out --mtp");
  }
}

// WeightClass: what a weight is for.
package dev.gatun.weights;

/** In the order in which people look for them. */
public enum WeightClass {
  ATTENTION("attention"),
  FEED_FORWARD("feed-forward"),
  EXPERTS("experts"),
  HEAD("head"),
  NORMS("norms and others"),
  EMBEDDING("embedding");

  private final String words;

  WeightClass(String words) {
    this.words = words;
  }

  /** The class of a tensor by its Hugging Face name. */
  public static WeightClass of(String name) {
    if (name.endsWith("embed_tokens.weight")) {
      return EMBEDDING;
    }
    if (name.contains(".mlp.experts.") || name.contains(".mlp.gate.")) {
      return EXPERTS;
    }
    if (name.contains(".mlp.")) {
      return FEED_FORWARD;
    }
    if (name.contains(".self_attn.") && !name.endsWith(".bias") && !name.contains("norm.weight")) {
      return ATTENTION;
    }
    return name.startsWith("lm_head") || name.endsWith("shared_head.head.weight") ? HEAD : NORMS;
  }

  @Override
  public String toString() {
    return words;
  }
}

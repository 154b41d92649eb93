// FolderRope: the rotary embedding of a Hugging Face config.json, in its old and its new spelling.
package dev.gatun.weights;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Old: {@code rope_theta} and {@code rope_scaling: {type | rope_type, …}}; new: {@code
 * rope_parameters: {rope_theta, rope_type, …}} (source: transformers, modeling_rope_utils.py,
 * convert_rope_params_to_dict and the _compute functions).
 */
record FolderRope(Fields config, Fields rope, int context) {
  private static final List<String> LAYER_KINDS =
      List.of("full_attention", "sliding_attention", "chunked_attention");

  static Rope read(Fields config, int headDim, Rope.Style style, int context) {
    Fields rope =
        nonEmpty(config, "rope_scaling")
            .or(() -> nonEmpty(config, "rope_parameters"))
            .orElse(new Fields("rope_scaling of " + config.source(), Map.of()));
    FolderRope reader = new FolderRope(config, rope, context);
    reader.refuseOtherShapes();
    double theta =
        rope.number("rope_theta", 1).or(() -> config.number("rope_theta", 1)).orElse(10_000.0);
    return new Rope(theta, headDim, style, reader.scaling());
  }

  private static Optional<Fields> nonEmpty(Fields config, String key) {
    return config.object(key).filter(f -> !f.values().isEmpty());
  }

  private void refuseOtherShapes() {
    for (String kind : LAYER_KINDS) {
      if (rope.has(kind)) {
        throw rope.unsupported(kind, rope.values().get(kind), "one setting for all layers");
      }
    }
    for (Fields fields : List.of(rope, config)) {
      double part = fields.number("partial_rotary_factor", 0).orElse(1.0);
      if (part != 1) {
        throw fields.unsupported("partial_rotary_factor", part, "1");
      }
    }
  }

  private Scaling scaling() {
    String key = rope.has("rope_type") ? "rope_type" : "type";
    String type = rope.text(key).orElse("default");
    return switch (type) {
      case "default" -> new Scaling.None();
      case "linear" -> new Scaling.Linear(factor("factor"));
      case "llama3" ->
          new Scaling.Llama3(
              factor("factor"),
              factor("low_freq_factor"),
              factor("high_freq_factor"),
              originalContext());
      case "yarn" -> yarn();
      default -> throw rope.unsupported(key, type, "default, linear, llama3, yarn");
    };
  }

  // A zero beta or mscale reads as absent, as in the source, which tests their truth.
  private Scaling yarn() {
    return new Scaling.Yarn(
        factor("factor"),
        originalContext(),
        positive("beta_fast").orElse(32.0),
        positive("beta_slow").orElse(1.0),
        rope.flag("truncate").orElse(true),
        rope.has("attention_factor") ? Optional.of(factor("attention_factor")) : Optional.empty(),
        positive("mscale"),
        positive("mscale_all_dim"));
  }

  private int originalContext() {
    String key = "original_max_position_embeddings";
    return config
        .integer(key, 1, Limits.CONTEXT)
        .or(() -> rope.integer(key, 1, Limits.CONTEXT))
        .orElse(context);
  }

  private double factor(String key) {
    double factor = rope.requiredNumber(key, 0);
    if (factor == 0) {
      throw rope.wrong(key, factor, "a number above 0");
    }
    return factor;
  }

  private Optional<Double> positive(String key) {
    return rope.number(key, 0).filter(v -> v > 0);
  }
}

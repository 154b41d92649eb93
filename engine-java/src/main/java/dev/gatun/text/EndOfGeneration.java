// EndOfGeneration: the tokens known by their text to end a model's turn.
package dev.gatun.text;

import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.OptionalInt;

/**
 * Checkpoints name one end token and often need several: chat models end a turn otherwise than a document, and code models
 * go on into a next file. llama.cpp keeps a like list for the same reason.
 */
final class EndOfGeneration {
  private static final List<String> TEXTS =
      List.of(
          "<|im_end|>",
          "<|endoftext|>",
          "<|end_of_text|>",
          "<|eot_id|>",
          "<|eom_id|>",
          "<|end|>",
          "<|return|>",
          "<|call|>",
          "<|calls|>",
          "<|flush|>",
          "<|fim_pad|>",
          "<|fim_repo|>",
          "<|repo_name|>",
          "<|file_sep|>",
          "<end_of_turn>",
          "<end_of_utterance>",
          "<｜end▁of▁sentence｜>",
          "<eos>",
          "</s>",
          "<EOT>",
          "_<EOT>",
          "[EOT]",
          "[EOS]");

  private EndOfGeneration() {}

  /** The ids that {@code added} gives to known texts. Takes added tokens only: "&lt;/s>" may be plain text elsewhere. */
  static Set<Integer> among(Function<String, OptionalInt> added) {
    Set<Integer> ids = new TreeSet<>();
    for (String text : TEXTS) {
      added.apply(text).ifPresent(ids::add);
    }
    // Where a channel's message ends in <|end|>, the turn ends in <|return|> or <|call|> instead.
    boolean channels =
        added.apply("<|return|>").isPresent() && added.apply("<|call|>").isPresent()
            || added.apply("<|flush|>").isPresent() && added.apply("<|calls|>").isPresent();
    if (channels) {
      added.apply("<|end|>").ifPresent(ids::remove);
    }
    return ids;
  }
}

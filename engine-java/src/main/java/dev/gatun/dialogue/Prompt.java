// Prompt: a text for the model with its tokens.
package dev.gatun.dialogue;

import dev.gatun.refusal.Refusal;

/**
 * @param text as the template wrote it; its end tells whether the answer starts with thinking
 * @param ids what is run
 */
public record Prompt(String text, int[] ids) {

  /** A text that is given as its tokens; Refusal where there is none, or one is not a model's. */
  public static Prompt of(int[] ids, Dialect dialect) {
    int size = Math.min(dialect.tokenizer().vocabSize(), dialect.vocabulary());
    for (int id : ids) {
      if (id < 0 || id >= size) {
        throw Refusal.usage(
            "token " + id + " is outside the vocabulary", "give ids from 0 to " + (size - 1));
      }
    }
    if (ids.length == 0) {
      throw Refusal.usage("a text of no tokens", "give at least one");
    }
    return new Prompt(dialect.tokenizer().decode(ids, false), ids.clone());
  }
}

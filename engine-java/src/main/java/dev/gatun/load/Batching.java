// Batching: how several sequences share the steps of an engine.
package dev.gatun.load;

import dev.gatun.refusal.Refusal;

/**
 * @param sequences most sequences that run at once, 1 or more; others wait in order of arrival
 * @param promptTokens most tokens of prompts in a step that has tokens of answers too, 1 or more: a
 *     longer prompt is cut so that answers go on; {@link #AUTO} leaves it to the device
 * @param order which prompts a step takes
 * @param sharesPrefixes whether sequences that begin with the same tokens share the pages of these
 */
public record Batching(int sequences, int promptTokens, PromptOrder order, boolean sharesPrefixes) {

  /** A number of prompt tokens that suits the device. */
  public static final int AUTO = 0;

  // What a token waits for is then some 5 to 10 times its own step, on either device.
  private static final int OF_CPU = 32;
  private static final int OF_GPU = 256;

  /** Which of the prompts that wait a step takes. */
  public enum PromptOrder {
    /**
     * The first to arrive takes all there is: the shortest time on average until prompts are read.
     */
    ARRIVAL,
    /** All as many tokens: a short prompt does not wait for a long one. */
    EQUAL
  }

  public Batching {
    if (sequences < 1) {
      throw Refusal.usage(sequences + " sequences at once (-np)", "give 1 or more");
    }
    if (promptTokens < AUTO) {
      throw Refusal.usage(promptTokens + " tokens of prompts a step", "give 1 or more");
    }
  }

  /** One sequence at a time. */
  public static Batching alone() {
    return new Batching(1, AUTO, PromptOrder.EQUAL, true);
  }

  public Batching withSequences(int value) {
    return new Batching(value, promptTokens, order, sharesPrefixes);
  }

  public Batching withPromptTokens(int value) {
    return new Batching(sequences, value, order, sharesPrefixes);
  }

  public Batching withOrder(PromptOrder value) {
    return new Batching(sequences, promptTokens, value, sharesPrefixes);
  }

  public Batching withSharedPrefixes(boolean value) {
    return new Batching(sequences, promptTokens, order, value);
  }

  /** {@link #promptTokens}, chosen where it was left to the device. */
  public int promptTokens(boolean isGpu) {
    return promptTokens != AUTO ? promptTokens : isGpu ? OF_GPU : OF_CPU;
  }
}

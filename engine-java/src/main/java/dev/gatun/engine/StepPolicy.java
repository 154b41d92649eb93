// StepPolicy: who runs next: how many tokens of each sequence a step takes.
package dev.gatun.engine;

import dev.gatun.load.Batching.PromptOrder;
import dev.gatun.step.StepBounds;
import java.util.ArrayList;
import java.util.List;

/**
 * Sequences that decode take one token each; prompts have what is left of the step, and beside
 * sequences that decode no more than {@code promptTokens}.
 *
 * @param most the largest steps
 * @param promptTokens most tokens of prompts beside a sequence that decodes
 * @param order which of the prompts a step takes
 */
record StepPolicy(StepBounds most, int promptTokens, PromptOrder order) {

  /**
   * What a sequence could do.
   *
   * @param tokens it has ready, 0 or more
   * @param decodes whether it draws a token a step
   * @param everyRow whether all its tokens' logits are wanted
   */
  record Offer(int tokens, boolean decodes, boolean everyRow) {}

  /**
   * Tokens that the next step takes of each.
   *
   * @param offers in order of arrival, at most as many as a step has sequences
   */
  int[] tokenCounts(List<Offer> offers) {
    int[] counts = new int[offers.size()];
    List<Integer> prompts = new ArrayList<>();
    int left = most.tokens();
    int rows = most.logitRows();
    for (int i = 0; i < counts.length; i++) {
      Offer offer = offers.get(i);
      if (offer.decodes() && offer.tokens() > 0) {
        counts[i] = 1;
        left--;
      } else if (offer.tokens() > 0) {
        prompts.add(i);
      }
      rows--; // one is kept for each, whether it is wanted or not
    }
    if (left < most.tokens()) {
      left = Math.min(left, promptTokens);
    }
    for (int i = 0; i < prompts.size() && left > 0; i++) {
      Offer offer = offers.get(prompts.get(i));
      int each = order == PromptOrder.ARRIVAL ? left : Math.ceilDiv(left, prompts.size() - i);
      int count = Math.min(each, offer.tokens());
      if (offer.everyRow()) {
        count = Math.min(count, rows + 1);
        rows -= count - 1;
      }
      counts[prompts.get(i)] = count;
      left -= count;
    }
    return counts;
  }
}

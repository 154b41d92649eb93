// ThinkingEnd: what ended a model's thinking.
package dev.gatun.chat;

public enum ThinkingEnd {
  /** There was no thinking, or the answer ended before the thinking did. */
  NONE,
  /** The model closed it. */
  MODEL,
  /** {@link ThinkingOptions#budget} was spent. */
  BUDGET,
  /** It went round in a loop. */
  LOOP
}

// FinishReason: why an answer ended.
package dev.gatun.chat;

public enum FinishReason {
  /** The model ended it. */
  END_OF_TEXT,
  /** One of {@link ChatOptions#stops} came. */
  STOP_STRING,
  /** It asks for tools to be run. */
  TOOL_CALLS,
  /** It has {@link ChatOptions#maxTokens} tokens. */
  LIMIT,
  /** Prompt and answer fill the context. */
  CONTEXT_FULL,
  /** A {@link Cancellation}, the interruption of the caller's thread, or a close ended it. */
  CANCELLED
}

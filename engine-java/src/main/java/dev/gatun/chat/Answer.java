// Answer: what a model said.
package dev.gatun.chat;

/**
 * @param text without the thinking and without what ended it; after thinking without the blank
 *     lines in between
 * @param thinking what a reasoning model thought first, without its tags; empty for others
 * @param message the turn to add to the conversation's messages for the next question: all that the
 *     model wrote, so that its template finds the thinking where it looks for it
 * @param finish why it ended; where it was {@link FinishReason#CANCELLED}, the rest is what had
 *     come
 */
public record Answer(
    String text, String thinking, Message message, FinishReason finish, Usage usage) {}

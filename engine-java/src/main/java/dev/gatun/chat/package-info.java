// package-info: what goes into an answer and what comes out of it.
/**
 * The words of the library: {@link dev.gatun.chat.Message}s and {@link dev.gatun.chat.ChatOptions}
 * go in, an {@link dev.gatun.chat.Answer} comes out, an {@link dev.gatun.chat.AnswerListener} hears
 * it as it comes, a {@link dev.gatun.chat.Cancellation} ends it early. {@link dev.gatun.Gatun} is
 * where to start. All but {@code Cancellation} are immutable.
 */
package dev.gatun.chat;

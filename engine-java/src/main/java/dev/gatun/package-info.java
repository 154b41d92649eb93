// package-info: the library.
/**
 * Text from large language models, in this process: {@link dev.gatun.Gatun#open} loads a model,
 * {@link dev.gatun.Gatun#chat(java.util.List, dev.gatun.chat.ChatOptions,
 * dev.gatun.chat.AnswerListener)} asks it.
 *
 * <p>The library's interface is this package, {@link dev.gatun.chat}, {@link dev.gatun.sample} and
 * {@link dev.gatun.refusal}: the module exports no others, and what is in others may change in any
 * release.
 */
package dev.gatun;

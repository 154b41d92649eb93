// package-info: from messages to an answer.
/**
 * How a model is spoken to: its prompt ({@link dev.gatun.dialogue.Dialect}), and what becomes of
 * the tokens it draws: text, stop strings, thinking ({@link dev.gatun.dialogue.Dialogue}). The
 * library and the command line share it; it is no part of the library's interface.
 */
package dev.gatun.dialogue;

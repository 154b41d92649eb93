// Prompt: a text for the model with its tokens.
package dev.gatun.dialogue;

/**
 * @param text as the template wrote it; its end tells whether the answer starts with thinking
 * @param ids what is run
 */
public record Prompt(String text, int[] ids) {}

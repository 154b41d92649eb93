// Rows: some rows of a step that follow one another.
package dev.gatun.op;

/**
 * @param first of them, from 0
 * @param count at least 1
 */
public record Rows(int first, int count) {}

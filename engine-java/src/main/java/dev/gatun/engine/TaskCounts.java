// TaskCounts: how many of the tasks that sessions have asked for run, and how many wait.
package dev.gatun.engine;

/**
 * At one moment.
 *
 * @param running those that steps take tokens of
 * @param waiting for their turn, those that made room for others included
 */
public record TaskCounts(int running, int waiting) {}

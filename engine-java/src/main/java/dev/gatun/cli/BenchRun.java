// BenchRun: the repetitions of one test.
package dev.gatun.cli;

/**
 * @param time when the first repetition began, ISO 8601 in UTC
 * @param samples nanoseconds of each repetition
 */
record BenchRun(BenchTest test, String time, long[] samples) {}

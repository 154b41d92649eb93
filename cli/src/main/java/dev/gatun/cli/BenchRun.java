// BenchRun: the repetitions of one test.
package dev.gatun.cli;

import dev.gatun.load.EngineOptions;

/**
 * @param device its name, for people
 * @param time when the first repetition began, ISO 8601 in UTC
 * @param samples nanoseconds of each repetition
 * @param busyNanos of all repetitions, while a step was on the device
 * @param bytesPerToken bytes of weights and cache that a token reads, on average
 * @param peakMemory most bytes the process had held when the test was over
 * @param pace of the GPU meanwhile
 */
record BenchRun(
    BenchCase test,
    EngineOptions options,
    String device,
    String time,
    long[] samples,
    long busyNanos,
    double bytesPerToken,
    long peakMemory,
    GpuPace pace) {}

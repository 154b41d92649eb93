// BenchRun: the repetitions of one test.
package dev.gatun.cli;

import dev.gatun.load.EngineOptions;
import java.util.Optional;

/**
 * @param device its name, for people
 * @param time when the first repetition began, ISO 8601 in UTC
 * @param samples nanoseconds of each repetition
 * @param busyNanos of all repetitions, while a step was on the device
 * @param bytesPerToken bytes of weights and cache that a token reads, on average
 * @param peakMemory most bytes the process had held when the test was over
 * @param pace of the GPU meanwhile
 * @param mesh where the model is on several devices
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
    GpuPace pace,
    Optional<BenchMesh> mesh) {}

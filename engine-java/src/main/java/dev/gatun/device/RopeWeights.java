// RopeWeights: what one layer's fused RoPE applies beside the rotation itself.
package dev.gatun.device;

import java.util.Optional;

/**
 * Biases are (heads * headDim) or (kvHeads * headDim), norms (headDim); {@code dim} elements of a
 * head are rotated, in pairs (i, i + dim/2), or (2i, 2i + 1) where {@code interleaved}.
 */
public record RopeWeights(
    Optional<FloatVector> qBias,
    Optional<FloatVector> kBias,
    Optional<FloatVector> vBias,
    Optional<FloatVector> qNorm,
    Optional<FloatVector> kNorm,
    float normEps,
    int dim,
    boolean interleaved) {}

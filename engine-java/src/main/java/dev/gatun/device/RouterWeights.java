// RouterWeights: how one layer's router chooses among its experts.
package dev.gatun.device;

import java.util.Optional;

/**
 * What {@code gk_router} holds; its meaning is in kernels.h at {@code gk_route}.
 *
 * @param bias (experts), added to the scores for the choice alone
 * @param sigmoid scores are the logits' sigmoid; else their softmax
 */
public record RouterWeights(
    Optional<FloatVector> bias,
    boolean sigmoid,
    int groups,
    int chosenGroups,
    boolean normalize,
    float scale) {}

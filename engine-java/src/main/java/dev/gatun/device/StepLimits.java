// StepLimits: the largest step a device will run, for which it keeps workspace.
package dev.gatun.device;

import dev.gatun.bindings.gk_limits;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * @param tokens of one step
 * @param heads query heads
 * @param headDim width of a cached head
 * @param latent leading elements of it that are its value; 0 where values are kept apart
 * @param context tokens of the longest sequence
 */
public record StepLimits(int tokens, int heads, int headDim, int latent, int context) {

  MemorySegment struct(Arena arena) {
    MemorySegment limits = gk_limits.allocate(arena);
    gk_limits.tokens(limits, tokens);
    gk_limits.heads(limits, heads);
    gk_limits.head_dim(limits, headDim);
    gk_limits.latent(limits, latent);
    gk_limits.context(limits, context);
    return limits;
  }
}

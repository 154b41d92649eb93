// Block: attention and feed-forward, each behind a norm.
package dev.gatun.layer;

/** Pre-norm: x += attention(norm(x)); x += feedForward(norm(x)). {@link Decoder} runs it. */
public record Block(
    Norm attentionNorm, Attention attention, Norm mlpNorm, FeedForward feedForward) {}

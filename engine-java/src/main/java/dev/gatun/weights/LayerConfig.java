// LayerConfig: what one layer of a model is made of.
package dev.gatun.weights;

/** Attention and feed-forward, each behind a norm of its input. */
public record LayerConfig(AttentionConfig attention, FeedForwardConfig feedForward) {}

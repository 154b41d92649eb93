// FeedForwardConfig: which feed-forward a layer has, and its numbers.
package dev.gatun.weights;

/** The kinds of feed-forward there are; their activation is SiLU. */
public sealed interface FeedForwardConfig {

  /** Whether its linears have a bias. */
  boolean bias();

  /**
   * One gated MLP that every token goes through.
   *
   * @param intermediate its width
   */
  record Dense(int intermediate, boolean bias) implements FeedForwardConfig {}

  /**
   * Gated MLPs of which a router chooses some for each token.
   *
   * @param experts routed experts of the layer
   * @param perToken experts a token goes through, at most {@code experts}
   * @param intermediate width of one expert's MLP
   * @param normTopK divide the chosen experts' softmax weights by their sum
   */
  record Routed(int experts, int perToken, int intermediate, boolean normTopK, boolean bias)
      implements FeedForwardConfig {}
}

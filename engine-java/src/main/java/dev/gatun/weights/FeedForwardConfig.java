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
   * @param perToken experts a token goes through, at most those of the router's chosen groups
   * @param intermediate width of one expert's MLP
   * @param shared width of the MLP that every token goes through beside its experts; 0 for none
   */
  record Routed(
      int experts, int perToken, int intermediate, int shared, Router router, boolean bias)
      implements FeedForwardConfig {}

  /**
   * How experts are chosen; see {@code gk_route} in kernels.h.
   *
   * @param bias a bias is added to the scores for the choice alone
   * @param groups equal runs of consecutive experts
   * @param chosenGroups groups that a token's experts are of
   * @param normalize divide the chosen experts' weights by their sum
   * @param scale multiplies the weights after that
   */
  record Router(
      Scoring scoring,
      boolean bias,
      int groups,
      int chosenGroups,
      boolean normalize,
      double scale) {

    /** Softmax over all experts and no more, as in Qwen3-MoE. */
    public static Router softmax(boolean normalize) {
      return new Router(Scoring.SOFTMAX, false, 1, 1, normalize, 1);
    }
  }

  /** How a router's logits become scores. */
  enum Scoring {
    SOFTMAX,
    SIGMOID
  }
}

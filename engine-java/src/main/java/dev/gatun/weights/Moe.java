// Moe: the numbers of a mixture of experts.
package dev.gatun.weights;

import java.util.Set;

/**
 * @param experts routed experts of a layer
 * @param perToken experts a token goes through, at most {@code experts}
 * @param intermediate width of one expert's MLP
 * @param normTopK divide the chosen experts' softmax weights by their sum
 * @param denseLayers layers with one dense MLP in place of experts (from first_k_dense, decoder_sparse_step, mlp_only_layers)
 */
public record Moe(
    int experts, int perToken, int intermediate, boolean normTopK, Set<Integer> denseLayers) {

  public Moe {
    denseLayers = Set.copyOf(denseLayers);
  }
}

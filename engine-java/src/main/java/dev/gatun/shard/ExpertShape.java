// ExpertShape: the experts that a model has, as counts and placements are made for them.
package dev.gatun.shard;

import java.util.Collections;
import java.util.List;

/**
 * Two models of one shape may exchange their counts and placements.
 *
 * @param architecture Hugging Face's model_type
 * @param experts routed experts of each layer that has some
 * @param layers of the model that have routed experts, from 0, ascending; at least one
 */
public record ExpertShape(String architecture, int experts, List<Integer> layers) {
  public ExpertShape {
    layers = List.copyOf(layers);
    boolean ascending = layers.stream().sorted().distinct().toList().equals(layers);
    if (experts < 1 || layers.isEmpty() || layers.getFirst() < 0 || !ascending) {
      throw new IllegalArgumentException(experts + " experts in layers " + layers);
    }
  }

  /** Place of a model's layer among those with experts. */
  int index(int layer) {
    int index = Collections.binarySearch(layers, layer);
    if (index < 0) {
      throw new IllegalArgumentException("layer " + layer + " has no experts");
    }
    return index;
  }

  /** For refusals: "deepseek_v3 with 256 experts in 58 layers, 3 to 60". */
  String words() {
    return architecture
        + " with "
        + experts
        + " experts in "
        + layers.size()
        + " layers, "
        + layers.getFirst()
        + " to "
        + layers.getLast();
  }
}

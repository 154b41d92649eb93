// Alternatives: what would fit where a plan does not, least change first.
package dev.gatun.load;

import dev.gatun.kv.CacheTypes;
import dev.gatun.weights.QuantMix;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Each keeps the wanted context if it can. */
record Alternatives(LoadPlan plan) {

  /**
   * @param options to give in place of those given
   * @param left bytes that it leaves
   * @param weights bytes of weights on the device
   */
  record Alternative(String options, CacheTypes types, int context, long weights, long left) {}

  List<Alternative> ranked() {
    List<Alternative> ranked = new ArrayList<>();
    smallerCaches()
        .filter(types -> plan.budget().fits(types, plan.context()))
        .findFirst()
        .ifPresent(types -> ranked.add(cache(types)));
    shorter().ifPresent(ranked::add);
    ranked.addAll(withSmallerWeights());
    return ranked;
  }

  /**
   * For each type of cache the largest weights; where a larger cache allows the same, only that.
   */
  private List<Alternative> withSmallerWeights() {
    List<Alternative> found = new ArrayList<>();
    Stream.concat(Stream.of(plan.types()), smallerCaches())
        .takeWhile(types -> !plan.budget().fits(types, plan.context()))
        .forEach(
            types ->
                smallerWeights(types)
                    .filter(next -> found.isEmpty() || next.weights() > found.getLast().weights())
                    .ifPresent(found::add));
    return found;
  }

  private Stream<CacheTypes> smallerCaches() {
    Footprint need = plan.budget().need();
    long own = need.pageBytes(plan.types());
    return need.cacheTypes().stream().filter(types -> need.pageBytes(types) < own);
  }

  private Alternative cache(CacheTypes types) {
    return new Alternative(
        "--kv " + types,
        types,
        plan.context(),
        plan.budget().need().weightBytes(),
        plan.budget().left(types, plan.context()));
  }

  private Optional<Alternative> shorter() {
    int largest = plan.budget().largestContext(plan.types());
    return largest == 0
        ? Optional.empty()
        : Optional.of(
            new Alternative(
                "-c " + largest,
                plan.types(),
                largest,
                plan.budget().need().weightBytes(),
                plan.budget().left(plan.types(), largest)));
  }

  /** The largest weights, smaller than these, with which the wanted context fits. */
  private Optional<Alternative> smallerWeights(CacheTypes types) {
    long own = plan.budget().need().weightBytes();
    return Stream.of(QuantMix.values())
        .filter(mix -> !mix.isOfFolders() && mix != QuantMix.IQ4_XS_IMATRIX)
        .filter(mix -> weightBytes(mix) < own && left(mix, types) >= 0)
        .findFirst()
        .map(
            mix ->
                new Alternative(
                    plan.checkpoint().optionsFor(mix)
                        + (types.equals(plan.types()) ? "" : " --kv " + types),
                    types,
                    plan.context(),
                    weightBytes(mix),
                    left(mix, types)));
  }

  private long left(QuantMix mix, CacheTypes types) {
    return plan.budget().withWeights(mix).left(types, plan.context());
  }

  private long weightBytes(QuantMix mix) {
    return plan.budget().withWeights(mix).need().weightBytes();
  }
}

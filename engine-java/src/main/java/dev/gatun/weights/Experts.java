// Experts: stacks the linears of single experts into one Weight a layer.
package dev.gatun.weights;

import dev.gatun.refusal.Refusal;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

final class Experts {
  private static final Pattern EXPERT =
      Pattern.compile("(.*\\.mlp\\.experts\\.)(\\d{1,6})\\.((?:gate|up|down)_proj\\.weight)");

  private Experts() {}

  /**
   * All weights, with one {@code …mlp.experts.gate_proj.weight} of shape (experts, rows, cols) in
   * place of {@code …mlp.experts.E.gate_proj.weight} (rows, cols) for each E, likewise up and down.
   */
  static List<Weight> stack(List<Weight> weights, int experts) {
    List<Weight> stacked = new ArrayList<>();
    Map<String, Map<Integer, Weight>> stacks = new LinkedHashMap<>();
    for (Weight weight : weights) {
      Matcher expert = EXPERT.matcher(weight.name());
      if (expert.matches()) {
        stacks
            .computeIfAbsent(expert.group(1) + expert.group(3), name -> new LinkedHashMap<>())
            .put(Integer.parseInt(expert.group(2)), weight);
      } else {
        stacked.add(weight);
      }
    }
    stacks.forEach((name, each) -> stacked.add(stack(name, each, experts)));
    return stacked;
  }

  private static Weight stack(String name, Map<Integer, Weight> each, int experts) {
    List<Weight> ordered = new ArrayList<>();
    for (int i = 0; i < experts && each.containsKey(i); i++) {
      ordered.add(each.get(i));
    }
    if (ordered.size() != experts || each.size() != experts) {
      throw Refusal.model(
          Fields.shown(name)
              + " has "
              + each.size()
              + " experts, expected numbers 0 to "
              + (experts - 1)
              + " as the configuration says"
              + (ordered.size() < experts ? ", number " + ordered.size() + " is missing" : ""),
          "download the model again, all its files");
    }
    Weight first = ordered.getFirst();
    for (Weight weight : ordered) {
      if (weight.shape().length != 2 || !alike(first, weight)) {
        throw Refusal.model(
            "tensor "
                + Fields.shown(weight.name())
                + " is "
                + weight.dtype()
                + Shapes.shown(weight.shape())
                + ", expected two axes, alike in all experts",
            "download the model again, all its files");
      }
    }
    long[] shape = {experts, first.shape()[0], first.shape()[1]};
    return new Weight(name, first.dtype(), shape, all(ordered, Weight::data), group(ordered));
  }

  private static boolean alike(Weight a, Weight b) {
    return a.dtype() == b.dtype()
        && Arrays.equals(a.shape(), b.shape())
        && a.group().map(Experts::form).equals(b.group().map(Experts::form));
  }

  private static List<Object> form(GroupQuant group) {
    return List.of(
        group.groupSize(), group.scaleType(), group.groupIndex().size(), group.zerosMinusOne());
  }

  private static Optional<GroupQuant> group(List<Weight> experts) {
    return experts
        .getFirst()
        .group()
        .map(
            first ->
                new GroupQuant(
                    first.groupSize(),
                    first.scaleType(),
                    all(experts, w -> w.group().orElseThrow().zeros()),
                    all(experts, w -> w.group().orElseThrow().scales()),
                    all(experts, w -> w.group().orElseThrow().groupIndex()),
                    first.zerosMinusOne()));
  }

  private static List<ByteRange> all(List<Weight> experts, Function<Weight, List<ByteRange>> part) {
    return experts.stream().flatMap(w -> part.apply(w).stream()).toList();
  }
}

// ExpertPlacement: which device holds which experts of a model.
package dev.gatun.shard;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.gatun.refusal.Refusal;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.function.IntFunction;
import java.util.stream.IntStream;

/**
 * Immutable, and checked: each layer has a list for each device, of experts that there are, none
 * twice on one device, and each expert is on at least one device. A device may hold none, and
 * devices may hold different numbers of experts.
 *
 * @param devices at least 1
 * @param layers for each layer with experts, for each device, the experts it holds; kept in
 *     ascending order
 */
public record ExpertPlacement(ExpertShape shape, int devices, List<List<List<Integer>>> layers) {
  private static final String FORMAT = "gatun-expert-placement";

  /** Refusal where the lists are not as they must be. */
  public ExpertPlacement {
    if (devices < 1 || layers.size() != shape.layers().size()) {
      throw new IllegalArgumentException(
          devices + " devices, " + layers.size() + " layers for " + shape.words());
    }
    layers =
        layers.stream()
            .map(layer -> layer.stream().map(device -> device.stream().sorted().toList()).toList())
            .toList();
    for (int i = 0; i < layers.size(); i++) {
      String where = "the placement's layer " + shape.layers().get(i);
      check(where, layers.get(i), shape.experts(), devices);
    }
  }

  /**
   * @param held by each device, ascending
   */
  private static void check(String where, List<List<Integer>> held, int experts, int devices) {
    if (held.size() != devices) {
      throw Refusal.usage(
          where + " is for " + held.size() + " devices, there are " + devices,
          "list the experts of each device");
    }
    boolean[] placed = new boolean[experts];
    for (int device = 0; device < devices; device++) {
      int before = -1;
      for (int expert : held.get(device)) {
        String found = where + " has expert " + expert;
        if (expert < 0 || expert >= experts) {
          throw Refusal.usage(
              found + " on device " + device, "expected experts 0 to " + (experts - 1));
        }
        if (expert == before) {
          throw Refusal.usage(
              found + " twice on device " + device, "place copies on different devices");
        }
        placed[expert] = true;
        before = expert;
      }
    }
    for (int expert = 0; expert < experts; expert++) {
      if (!placed[expert]) {
        throw Refusal.usage(
            where + " leaves out expert " + expert, "place it on at least one device");
      }
    }
  }

  /** Each layer's experts in their order, as many on each device, without copies. */
  public static ExpertPlacement contiguous(ExpertShape shape, int devices) {
    return eachLayer(shape, devices, layer -> ExpertBalance.contiguous(shape.experts(), devices));
  }

  /**
   * Each layer balanced for itself by what was counted; see {@link ExpertBalance#balanced(double[],
   * int, int, int, int)}.
   *
   * @param slots experts of a layer that a device can hold
   */
  public static ExpertPlacement balanced(
      ExpertCounts counts, int devices, int slots, int groups, int nodes) {
    return eachLayer(
        counts.shape(),
        devices,
        layer -> ExpertBalance.balanced(counts.loads(layer), devices, slots, groups, nodes));
  }

  /**
   * The most chosen experts of each layer on the first device, the others balanced over the rest:
   * for a GPU that has room for some experts and a CPU that has the others.
   *
   * @param first experts of each layer on the first device, at most as many as there are; ties go
   *     to the lowest number
   * @param devices at least 2
   * @param copies of experts, beyond an equal share of each, that a device after the first holds
   */
  public static ExpertPlacement hottestFirst(
      ExpertCounts counts, int devices, int first, int copies) {
    return eachLayer(
        counts.shape(),
        devices,
        layer -> {
          double[] loads = counts.loads(layer);
          List<Integer> order =
              IntStream.range(0, loads.length)
                  .boxed()
                  .sorted(Comparator.comparingDouble(expert -> -loads[expert])) // stable
                  .toList();
          List<List<Integer>> held = new ArrayList<>();
          held.add(order.subList(0, first));
          List<Integer> others = order.subList(first, loads.length).stream().sorted().toList();
          held.addAll(balanced(loads, others, devices - 1, copies));
          return held;
        });
  }

  private static List<List<Integer>> balanced(
      double[] loads, List<Integer> experts, int devices, int copies) {
    if (experts.isEmpty()) {
      return Collections.nCopies(devices, List.of());
    }
    double[] own = experts.stream().mapToDouble(expert -> loads[expert]).toArray();
    int slots = Math.ceilDiv(own.length, devices) + copies;
    return ExpertBalance.balanced(own, devices, slots).stream()
        .map(device -> device.stream().map(experts::get).toList())
        .toList();
  }

  private static ExpertPlacement eachLayer(
      ExpertShape shape, int devices, IntFunction<List<List<Integer>>> placed) {
    List<List<List<Integer>>> layers = new ArrayList<>();
    shape.layers().forEach(layer -> layers.add(placed.apply(layer)));
    return new ExpertPlacement(shape, devices, layers);
  }

  /** The experts of a layer that a device holds, ascending; {@code layer} is the model's. */
  public List<Integer> held(int layer, int device) {
    return layers.get(shape.index(layer)).get(device);
  }

  /**
   * For each expert of a layer, the devices that hold it, ascending; as {@link Placement} has it.
   */
  List<List<Integer>> holders(int layer) {
    List<List<Integer>> held = layers.get(shape.index(layer));
    return IntStream.range(0, shape.experts())
        .mapToObj(
            expert ->
                IntStream.range(0, devices)
                    .filter(device -> held.get(device).contains(expert))
                    .boxed()
                    .toList())
        .toList();
  }

  /**
   * How evenly the devices are loaded over all layers, at most 1: the mean load of a device as a
   * share of the fullest one's, each layer having its own fullest, for which the others wait. 1
   * where nothing was counted.
   *
   * @param counts of this placement's shape
   */
  public double balance(ExpertCounts counts) {
    double mean = 0;
    double fullest = 0;
    for (int layer : shape.layers()) {
      double[] loads = counts.loads(layer);
      mean += Arrays.stream(loads).sum() / devices;
      fullest += ExpertBalance.fullest(loads, layers.get(shape.index(layer)));
    }
    return fullest == 0 ? 1 : mean / fullest;
  }

  /**
   * A placement from a file, as {@link #write} writes it or a person. Refusal where it is something
   * else, damaged, made for a model of another shape or for another number of devices, or not as a
   * placement must be.
   */
  public static ExpertPlacement read(Path path, ExpertShape model, int devices) {
    JsonFile file = new JsonFile(path, FORMAT);
    JsonNode root = file.read(model);
    long found = file.field(root, "devices");
    if (found != devices) {
      throw file.wrong(
          "made for " + found + " devices, there are " + devices,
          "name as many devices, or another placement");
    }
    List<Integer> numbers = IntStream.range(0, devices).boxed().toList();
    List<List<List<Integer>>> layers = new ArrayList<>();
    for (int layer : model.layers()) {
      JsonNode held = root.path("layers").path(String.valueOf(layer));
      file.checkNames(held, numbers, "device", "layer " + layer + " ");
      List<List<Integer>> lists =
          numbers.stream().map(device -> experts(file, held, layer, device)).toList();
      check("'" + path + "': layer " + layer, lists, model.experts(), devices);
      layers.add(lists);
    }
    return new ExpertPlacement(model, devices, layers);
  }

  private static List<Integer> experts(JsonFile file, JsonNode held, int layer, int device) {
    JsonNode list = held.path(String.valueOf(device));
    String where = "layer " + layer + ", device " + device + ",";
    if (!list.isArray()) {
      throw file.wrong(where + " has no list", "list the experts that it holds");
    }
    List<Integer> experts = new ArrayList<>();
    for (JsonNode expert : list) {
      // what no int holds is past every model's experts, and refused as that
      experts.add((int) Math.min(Integer.MAX_VALUE, file.integer(expert, where + " an expert")));
    }
    return experts.stream().sorted().toList();
  }

  /** Writes a JSON file, a line for each layer's device. It appears when it is whole. */
  public void write(Path path) {
    JsonFile file = new JsonFile(path, FORMAT);
    ObjectNode root = file.begin(shape).put("devices", devices);
    ObjectNode all = root.putObject("layers");
    for (int layer : shape.layers()) {
      ObjectNode byDevice = all.putObject(String.valueOf(layer));
      for (int device = 0; device < devices; device++) {
        held(layer, device).forEach(byDevice.putArray(String.valueOf(device))::add);
      }
    }
    file.write(root);
  }
}

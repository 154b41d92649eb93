// ExpertBalance: which devices hold which experts of a layer, so that all have equally much to do.
package dev.gatun.shard;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * DeepSeek's expert-parallel load balancer (EPLB): the busiest experts get copies, which share
 * their tokens, and the copies are packed onto devices, the heaviest first. A result is a list for
 * each device of the experts it holds, ascending, none twice. The same loads give the same result
 * everywhere; ties go to the lowest number.
 */
public final class ExpertBalance {
  private ExpertBalance() {}

  /** Experts in their order, as many on each device; the numbers differ by at most one. */
  public static List<List<Integer>> contiguous(int experts, int devices) {
    require(experts >= 1 && devices >= 1, experts + " experts on " + devices + " devices");
    return IntStream.range(0, devices)
        .mapToObj(
            device ->
                IntStream.range(
                        start(device, experts, devices), start(device + 1, experts, devices))
                    .boxed()
                    .toList())
        .toList();
  }

  private static int start(int device, int experts, int devices) {
    return (int) ((long) device * experts / devices);
  }

  /** As {@link #balanced(double[], int, int, int, int)}, any expert on any device. */
  public static List<List<Integer>> balanced(double[] loads, int devices, int slots) {
    return balanced(loads, devices, slots, 1, 1);
  }

  /**
   * Places the experts of one layer. Where {@code nodes} divides groups and devices, the experts of
   * a group stay on one node, so that the tokens of a router with groups visit few nodes; else all
   * devices are taken as one node.
   *
   * @param loads how often each expert was chosen; finite, not negative
   * @param slots experts a device can hold. All are used, with copies of the busiest, unless that
   *     would put two copies on one device
   * @param groups the router's groups of consecutive experts, all of one size
   * @param nodes machines, each with equally many consecutive devices
   */
  public static List<List<Integer>> balanced(
      double[] loads, int devices, int slots, int groups, int nodes) {
    int experts = loads.length;
    require(experts >= 1 && devices >= 1, experts + " experts on " + devices + " devices");
    require(
        (long) slots * devices >= experts,
        experts + " experts in " + slots + " slots of each of " + devices + " devices");
    require(
        groups >= 1 && nodes >= 1 && experts % groups == 0,
        experts + " experts in " + groups + " groups on " + nodes + " nodes");
    for (int expert = 0; expert < experts; expert++) {
      double load = loads[expert];
      require(
          load >= 0 && load < Double.POSITIVE_INFINITY, "load " + load + " of expert " + expert);
    }
    boolean apart = groups % nodes == 0 && devices % nodes == 0;
    return apart
        ? nodeByNode(loads, devices, slots, groups, nodes)
        : onNode(loads, IntStream.range(0, experts).toArray(), devices, slots);
  }

  private static List<List<Integer>> nodeByNode(
      double[] loads, int devices, int slots, int groups, int nodes) {
    int size = loads.length / groups;
    double[] groupLoads = new double[groups];
    for (int expert = 0; expert < loads.length; expert++) {
      groupLoads[expert / size] += loads[expert];
    }
    int[] once = new int[groups];
    Arrays.fill(once, 1);
    return Packing.pack(groupLoads, once, nodes, groups / nodes).stream()
        .map(
            node ->
                node.stream()
                    .flatMapToInt(group -> IntStream.range(group * size, (group + 1) * size))
                    .toArray())
        .flatMap(experts -> onNode(loads, experts, devices / nodes, slots).stream())
        .toList();
  }

  /**
   * @param experts that the node's devices hold, ascending
   */
  private static List<List<Integer>> onNode(double[] loads, int[] experts, int devices, int slots) {
    double[] own = Arrays.stream(experts).mapToDouble(expert -> loads[expert]).toArray();
    int room = Math.min(slots, experts.length);
    int[] copies = copies(own, devices, devices * room);
    Arrays.setAll(own, i -> own[i] / copies[i]);
    return Packing.pack(own, copies, devices, room).stream()
        .map(device -> device.stream().map(i -> experts[i]).toList())
        .toList();
  }

  /** One copy of each expert, and of the rest each to the expert whose copies have most to do. */
  private static int[] copies(double[] loads, int devices, int total) {
    int[] copies = new int[loads.length];
    Arrays.fill(copies, 1);
    for (int given = loads.length; given < total; given++) {
      int busiest = -1;
      for (int expert = 0; expert < loads.length; expert++) {
        if (copies[expert] < devices && (busiest < 0 || busier(loads, copies, expert, busiest))) {
          busiest = expert;
        }
      }
      copies[busiest]++;
    }
    return copies;
  }

  /** Of experts with equally much to do the one with fewer copies: that may be nothing at all. */
  private static boolean busier(double[] loads, int[] copies, int expert, int other) {
    int order = Double.compare(loads[expert] / copies[expert], loads[other] / copies[other]);
    return order > 0 || (order == 0 && copies[expert] < copies[other]);
  }

  /**
   * The mean load of a device as a share of the fullest one's, at most 1: 1 is perfect balance, 0.5
   * means that the others wait half of the time. The copies of an expert share its load evenly.
   *
   * @param held as {@link #balanced} gives them; every expert that has a load is there
   */
  public static double balance(double[] loads, List<List<Integer>> held) {
    double fullest = fullest(loads, held);
    return fullest == 0 ? 1 : Arrays.stream(loads).sum() / held.size() / fullest;
  }

  /** The load of the device that has most to do. */
  static double fullest(double[] loads, List<List<Integer>> held) {
    int[] copies = new int[loads.length];
    held.forEach(device -> device.forEach(expert -> copies[expert]++));
    return held.stream()
        .mapToDouble(device -> device.stream().mapToDouble(e -> loads[e] / copies[e]).sum())
        .max()
        .orElseThrow();
  }

  private static void require(boolean holds, String otherwise) {
    if (!holds) {
      throw new IllegalArgumentException(otherwise);
    }
  }
}

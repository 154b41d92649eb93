// KernelChoice: which kernel serves each product of a model, how long it takes, and what is the
// faster.
package dev.gatun.load;

import dev.gatun.device.Device;
import dev.gatun.graph.Crossover;
import dev.gatun.graph.StepShape;
import dev.gatun.op.Product;
import dev.gatun.op.Provider;
import dev.gatun.step.StepGraph;
import dev.gatun.weights.Checkpoint;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.stream.IntStream;

/**
 * @param rows in the order of a layer's ops; of each product those with fewer tokens first
 * @param crossover what serves the products of a step
 */
public record KernelChoice(List<Row> rows, Crossover crossover) {
  private static final int DECODED = Crossover.FEWEST - 1;
  private static final int FEWER = 4;
  private static final double FASTER = 0.95;

  /**
   * A kind of product in a step of so many tokens.
   *
   * @param product one of them, with the activations that the kernels are given
   * @param count of them in the step
   * @param provider who computes them
   * @param kernel its name
   * @param seconds of one by the kernel; empty where it was not measured
   * @param cublasSeconds by cuBLAS; empty where it was not measured or does not take them
   */
  public record Row(
      Product product,
      int tokens,
      int count,
      Provider provider,
      String kernel,
      OptionalDouble seconds,
      OptionalDouble cublasSeconds) {}

  /** Products that differ in nothing a kernel sees but their rows. */
  private record Kind(String op, Crossover.Kind shape) {
    static Kind of(Product product) {
      return new Kind(
          product.op(),
          Crossover.Kind.of(product.isGated(), product.weight(), product.x().dtype()));
    }
  }

  private record Found(Product product, int tokens, int count, Times times) {}

  private record Times(OptionalDouble kernel, OptionalDouble cublas) {
    static final Times NONE = new Times(OptionalDouble.empty(), OptionalDouble.empty());

    /** By enough that the same is found at the next load. */
    boolean isCublasFaster() {
      return cublas.isPresent() && cublas.getAsDouble() < FASTER * kernel.getAsDouble();
    }
  }

  /**
   * Of a checkpoint that is not loaded.
   *
   * @param timed whether its products are measured on the device
   */
  public static KernelChoice of(Checkpoint checkpoint, EngineOptions options, boolean timed) {
    try (Device device = Device.open(options.device());
        Arena arena = Arena.ofConfined()) {
      Membership alone = Membership.alone(checkpoint.config().layerConfigs().size());
      Blueprint blueprint = Blueprint.of(checkpoint, options, device, alone, arena);
      if (options.gemm() != Gemm.OWN) {
        device.openGemm();
      }
      boolean needsTimes = timed || options.gemm() == Gemm.FASTEST;
      int step = options.stepTokens();
      IntStream few = IntStream.of(1, DECODED).filter(tokens -> tokens < step);
      int[] sizes = IntStream.concat(few, IntStream.of(promptSizes(step))).toArray();
      return of(find(blueprint, sizes), blueprint, needsTimes);
    }
  }

  /**
   * What {@link Gemm#FASTEST} chooses, or always cuBLAS, called for each shape all the same. cuBLAS
   * has been opened.
   */
  static Crossover measured(Blueprint blueprint) {
    int[] sizes = promptSizes(blueprint.options().stepTokens());
    return of(find(blueprint, sizes), blueprint, true).crossover();
  }

  /** The largest step, and quarters of it while they are no decoding; ascending. */
  private static int[] promptSizes(int stepTokens) {
    List<Integer> sizes = new ArrayList<>(List.of(stepTokens));
    while (sizes.getFirst() / FEWER > DECODED) {
      sizes.addFirst(sizes.getFirst() / FEWER);
    }
    return sizes.stream().mapToInt(Integer::intValue).toArray();
  }

  private static Map<Kind, List<Found>> find(Blueprint blueprint, int[] sizes) {
    Map<Kind, List<Found>> all = new LinkedHashMap<>();
    for (int tokens : sizes) {
      Map<Kind, Found> here = new LinkedHashMap<>();
      // Of a prompt the last layer, and the head, have one row.
      StepGraph.of(
              blueprint.model(), StepShape.of(tokens, 1), blueprint.compute(), Crossover.never())
          .products()
          .filter(product -> product.x().rows() >= tokens)
          .forEach(
              product ->
                  here.merge(
                      Kind.of(product),
                      new Found(product, tokens, 1, Times.NONE),
                      (a, b) -> new Found(a.product, tokens, a.count + 1, Times.NONE)));
      here.forEach((kind, found) -> all.computeIfAbsent(kind, _ -> new ArrayList<>()).add(found));
    }
    return all;
  }

  private static KernelChoice of(Map<Kind, List<Found>> found, Blueprint blueprint, boolean timed) {
    Map<Kind, List<Found>> all = timed ? timed(found, blueprint) : found;
    EngineOptions options = blueprint.options();
    Device device = blueprint.device();
    Crossover crossover =
        options.gemm() == Gemm.FASTEST ? crossover(all) : options.gemm().planned();
    List<Row> rows = new ArrayList<>();
    all.forEach((kind, each) -> each.forEach(one -> rows.add(row(kind, one, crossover, device))));
    return new KernelChoice(rows, crossover);
  }

  private static Row row(Kind kind, Found found, Crossover crossover, Device device) {
    Product product = found.product;
    Provider provider = crossover.provider(kind.shape, product.weight(), found.tokens);
    return new Row(
        product,
        found.tokens,
        found.count,
        provider,
        provider == Provider.CUBLAS
            ? "unpack, cuBLAS"
            : device.kernel(product.weight(), product.x().dtype(), product.x().rows()),
        found.times.kernel,
        found.times.cublas);
  }

  private static Map<Kind, List<Found>> timed(Map<Kind, List<Found>> found, Blueprint blueprint) {
    Device device = blueprint.device();
    List<Product> products =
        found.values().stream()
            .map(each -> each.getLast().product)
            .filter(product -> product.weight().experts() == 1)
            .toList();
    Map<Kind, List<Found>> timed = new LinkedHashMap<>();
    try (Arena lent = Arena.ofShared();
        ProductTimer timer = new ProductTimer(device, products)) {
      long unpacked = blueprint.stepPlans(blueprint.options().gemm().planned()).unpackedBytes();
      if (unpacked > 0) {
        device.lendGemm(unpacked, lent);
      }
      found.forEach(
          (kind, each) ->
              timed.put(
                  kind,
                  each.stream()
                      .map(
                          one ->
                              new Found(
                                  one.product, one.tokens, one.count, times(timer, one, unpacked)))
                      .toList()));
    }
    return timed;
  }

  private static Times times(ProductTimer timer, Found found, long unpacked) {
    Product product = found.product;
    if (product.weight().experts() > 1) {
      return Times.NONE;
    }
    boolean may = unpacked > 0 && found.tokens > DECODED && Crossover.cublasTakes(product.weight());
    return new Times(
        OptionalDouble.of(timer.seconds(product, Provider.KERNELS, found.tokens)),
        may
            ? OptionalDouble.of(timer.seconds(product, Provider.CUBLAS, found.tokens))
            : OptionalDouble.empty());
  }

  /** cuBLAS from the fewest tokens on with which it is the faster, and with all that follow. */
  private static Crossover crossover(Map<Kind, List<Found>> all) {
    Map<Crossover.Kind, Integer> from = new HashMap<>();
    all.forEach(
        (kind, each) -> {
          int tokens = Crossover.NEVER;
          for (Found found : each.reversed()) {
            if (!found.times.isCublasFaster()) {
              break;
            }
            tokens = found.tokens;
          }
          // The same shape may be of two ops: what is the faster for both.
          from.merge(kind.shape, tokens, Math::max);
        });
    return new Crossover(from, Crossover.NEVER);
  }
}

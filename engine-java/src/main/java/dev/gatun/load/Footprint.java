// Footprint: what a model takes on a device besides its cache, and what a page of cache takes.
package dev.gatun.load;

import dev.gatun.device.Device;
import dev.gatun.device.DeviceChoice;
import dev.gatun.kv.CacheTypes;
import dev.gatun.ranks.Group;
import dev.gatun.shard.Shard;
import dev.gatun.step.Relay;
import dev.gatun.step.StepPlans;
import dev.gatun.step.Stepper;
import dev.gatun.weights.Checkpoint;
import dev.gatun.weights.ModelConfig;
import dev.gatun.weights.Parameters;
import dev.gatun.weights.QuantMix;
import dev.gatun.weights.TensorShape;
import dev.gatun.weights.Weight;
import dev.gatun.weights.WeightClass;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * All sizes in bytes.
 *
 * @param config of the model, from which a page of the cache follows
 * @param caches on the device
 * @param cacheHeads key and value heads of each
 * @param weights on the device, by class; without the embedding, which stays on the host
 * @param embedding in host memory, pinned for a GPU, in its file's layout; 0 where the rank has
 *     none or reads another's
 * @param held by random weights on the host; 0 for files, and where several ranks share them
 * @param exchange in host memory: buffers of the groups of ranks that this rank is the first of
 * @param lent of the device to exchanges that do not go through host memory
 * @param cacheRam of host memory that is asked for, for pages that leave the cache
 * @param activations of the largest step, of {@code stepTokens} tokens, and the steps' inputs
 * @param workspace that ops use among themselves
 * @param gemm lent to NVIDIA's matrix products: workspace and unpacked weights
 */
public record Footprint(
    ModelConfig config,
    int caches,
    int cacheHeads,
    Map<WeightClass, Long> weights,
    long embedding,
    long held,
    long exchange,
    long lent,
    long cacheRam,
    long activations,
    int stepTokens,
    long workspace,
    long gemm) {

  // Keys lose more by fewer bits than values do.
  private static final List<CacheTypes> LADDER =
      Stream.of(
              "f32",
              "f16",
              "q8_0",
              "f8",
              "q8_0,q4_0",
              "q8_0,turbo3",
              "q4_0",
              "turbo4",
              "turbo4,turbo3",
              "turbo3")
          .map(CacheTypes::parse)
          .toList();

  /** Most that the kernels keep, for splits of the attention over a long context. */
  private static final long GPU_WORKSPACE = 32L << 20;

  public Footprint {
    weights = Map.copyOf(weights);
  }

  /** On the device of {@code parameters}, which lays weights out in its own way. */
  static Footprint of(
      Blueprint blueprint, StepPlans plans, Transport transport, boolean sharesEmbedding) {
    Checkpoint checkpoint = blueprint.checkpoint();
    EngineOptions options = blueprint.options();
    Shard shard = blueprint.parameters().shard();
    return new Footprint(
        checkpoint.config(),
        shard.homeLayers(),
        blueprint.model().cacheHeads(),
        byClass(blueprint.parameters().sizes()),
        shard.isHome(0) && !sharesEmbedding ? embedding(checkpoint) : 0,
        blueprint.membership().isShared() ? 0 : checkpoint.heldBytes(),
        exchange(blueprint, plans, transport),
        transport.isOnDevices() ? Group.MOST_OPEN * exchanged(plans, _ -> true) : 0,
        options.cacheRamOfEach(),
        plans.bytes()
            + Stepper.memoryBytes(
                plans, longestPages(checkpoint.config()), shard.rank() == 0 ? shard.rowRanks() : 1),
        options.stepTokens(),
        options.device().kind() == DeviceChoice.Kind.CUDA ? GPU_WORKSPACE : 0,
        plans.gemmBytes());
  }

  Footprint withWorkspace(long bytes) {
    return new Footprint(
        config,
        caches,
        cacheHeads,
        weights,
        embedding,
        held,
        exchange,
        lent,
        cacheRam,
        activations,
        stepTokens,
        bytes,
        gemm);
  }

  /** On a GPU, where a weight takes the bytes of its file, and a norm or bias is float32. */
  Footprint onCard(Parameters parameters) {
    return new Footprint(
        config,
        caches,
        cacheHeads,
        byClass(parameters.fileSizes()),
        embedding,
        held,
        exchange,
        lent,
        cacheRam,
        activations,
        stepTokens,
        GPU_WORKSPACE,
        gemm);
  }

  /** The same model as a file of another kind, whose bytes the device takes as they are. */
  Footprint withWeights(QuantMix mix) {
    Map<String, Long> sizes = new LinkedHashMap<>();
    long table = 0;
    for (TensorShape tensor : TensorShape.of(config)) {
      boolean embedding = WeightClass.of(tensor.name()) == WeightClass.EMBEDDING;
      boolean vector = tensor.shape().length == 1;
      long bytes = vector ? Float.BYTES * tensor.count() : mix.bytes(tensor, config);
      if (embedding) {
        table = bytes;
      }
      if (!embedding || config.tiedEmbeddings()) {
        sizes.put(tensor.name(), bytes);
      }
    }
    return new Footprint(
        config,
        caches,
        cacheHeads,
        byClass(sizes),
        table,
        held,
        exchange,
        lent,
        cacheRam,
        activations,
        stepTokens,
        workspace,
        gemm);
  }

  /** Of one page in all caches: keys and values and nothing else, on every device. */
  public long pageBytes(CacheTypes types) {
    return (long) caches
        * cacheHeads
        * Device.pageTokens()
        * types.headBytes(config.headDim(), config.latent() > 0);
  }

  /** The types that suit this model's heads, from most bytes to fewest. */
  List<CacheTypes> cacheTypes() {
    return LADDER.stream()
        .filter(types -> types.suits(config.headDim(), config.latent() > 0))
        .toList();
  }

  /** Bytes of weights on the device. */
  public long weightBytes() {
    return weights.values().stream().mapToLong(Long::longValue).sum();
  }

  /** Of the longest sequence there may be. */
  private static int longestPages(ModelConfig config) {
    return Math.ceilDiv(config.contextLength(), Device.pageTokens());
  }

  private static long exchange(Blueprint blueprint, StepPlans plans, Transport transport) {
    Membership membership = blueprint.membership();
    int rank = membership.ranks().rank();
    long bytes =
        transport.isOnDevices() ? 0 : exchanged(plans, members -> members.getFirst() == rank);
    if (rank == 0 && membership.isShared()) {
      bytes += Relay.bytes(membership.ranks().size(), inputBytes(blueprint, plans));
    }
    return Group.MOST_OPEN * bytes;
  }

  /** Most that some of the groups exchange at once, all of them together. */
  private static long exchanged(StepPlans plans, Predicate<List<Integer>> some) {
    return plans.exchangedBytes().entrySet().stream()
        .filter(group -> some.test(group.getKey()))
        .mapToLong(Map.Entry::getValue)
        .sum();
  }

  /** Of the inputs of the largest step, of all ranks; the same on each. */
  static long inputBytes(Blueprint blueprint, StepPlans plans) {
    int ranks = blueprint.parameters().shard().rowRanks();
    return Stepper.inputBytes(plans.most(), longestPages(blueprint.config()), ranks);
  }

  // A tied embedding is on the device as the head.
  private static Map<WeightClass, Long> byClass(Map<String, Long> sizes) {
    Map<WeightClass, Long> weights = new EnumMap<>(WeightClass.class);
    sizes.forEach(
        (name, bytes) -> {
          WeightClass found = WeightClass.of(name);
          weights.merge(
              found == WeightClass.EMBEDDING ? WeightClass.HEAD : found, bytes, Long::sum);
        });
    return weights;
  }

  private static long embedding(Checkpoint checkpoint) {
    return checkpoint.weights().stream()
        .filter(weight -> WeightClass.of(weight.name()) == WeightClass.EMBEDDING)
        .mapToLong(Weight::bytes)
        .sum();
  }
}

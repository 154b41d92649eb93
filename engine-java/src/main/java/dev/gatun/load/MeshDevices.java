// MeshDevices: the devices that a model may be spread over, there or not, and plans for them.
package dev.gatun.load;

import dev.gatun.device.Device;
import dev.gatun.device.DeviceChoice;
import dev.gatun.graph.Crossover;
import dev.gatun.graph.StepShape;
import dev.gatun.op.Exchanging;
import dev.gatun.op.ExpertDown;
import dev.gatun.op.ExpertGateUp;
import dev.gatun.op.Op;
import dev.gatun.ranks.LocalRanks;
import dev.gatun.ranks.Ranks;
import dev.gatun.refusal.Refusal;
import dev.gatun.shard.Placement;
import dev.gatun.shard.Shard;
import dev.gatun.step.StepGraph;
import dev.gatun.weights.Checkpoint;
import dev.gatun.weights.FeedForwardConfig;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Opens each device once. Plans are worth what they are after it is closed. */
public final class MeshDevices implements AutoCloseable {
  /** Larger than any cache, so that it is memory that is measured. */
  private static final long MEASURED_BYTES = 512L << 20;

  private static final int REPEATS = 3;

  private final Checkpoint checkpoint;
  private final EngineOptions options;
  private final List<DeviceChoice> choices = new ArrayList<>();
  private final List<Capacity> capacities = new ArrayList<>();
  private final Map<DeviceChoice, Device> devices = new HashMap<>();
  private final RankDevices rankDevices;
  private final TransportChoice transport;

  /** Ranks of a kind take the same; a plan of many ranks describes one of each. */
  private record Kind(DeviceChoice choice, boolean isGpu, boolean first, List<Part> parts) {

    /** What a rank has of a layer, and whether the layer's exchanges are counted with it. */
    private record Part(boolean home, boolean firstHome, boolean firstMember, int experts) {}

    static Kind of(DeviceChoice choice, Capacity capacity, Shard shard) {
      List<Part> parts = new ArrayList<>();
      for (int layer = 0; layer < shard.placement().layers(); layer++) {
        Optional<Shard.Routed> routed = shard.routed(layer);
        parts.add(
            new Part(
                shard.isHome(layer),
                shard.homes(layer).getFirst() == shard.rank(),
                routed.map(ranks -> ranks.members().getFirst() == shard.rank()).orElse(false),
                routed.map(ranks -> ranks.here().size()).orElse(0)));
      }
      return new Kind(choice, capacity.isGpu(), shard.rank() == 0, parts);
    }
  }

  /**
   * @param options with the mesh
   * @param cards what the devices have, in their order, where they need not be there; else empty,
   *     and the devices are those of {@code options}
   */
  public MeshDevices(Checkpoint checkpoint, EngineOptions options, List<Capacity> cards) {
    this.checkpoint = checkpoint;
    this.options = options.withMesh(options.mesh().of(checkpoint.config()));
    if (!cards.isEmpty() && cards.size() != options.mesh().size()) {
      throw new IllegalArgumentException(cards.size() + " cards, " + options.mesh().size());
    }
    try {
      choices.add(options.device());
      choices.addAll(options.mesh().others());
      for (DeviceChoice choice : choices) {
        devices.computeIfAbsent(choice, Device::open);
      }
      for (int rank = 0; rank < choices.size(); rank++) {
        DeviceChoice choice = choices.get(rank);
        capacities.add(
            cards.isEmpty() ? Capacity.of(devices.get(choice), choice) : cards.get(rank));
      }
      Optional<Transport> asked = options.mesh().transport();
      if (cards.isEmpty()) {
        List<Device> all = choices.stream().map(devices::get).toList();
        rankDevices = RankDevices.of(all);
        transport = TransportChoice.planned(all, rankDevices, asked);
      } else {
        rankDevices = RankDevices.assumed(!asked.equals(Optional.of(Transport.NCCL)), cards);
        transport = TransportChoice.assumed(asked);
      }
    } catch (RuntimeException | Error e) {
      close();
      throw e;
    }
  }

  /** The plan of the split that is asked for; Refusal.usage where the model has none such. */
  public MeshPlan plan() {
    return plan(options.mesh());
  }

  /** Of the other splits those that the model has. */
  public List<MeshPlan> others() {
    List<MeshPlan> plans = new ArrayList<>();
    for (Placement.Mode mode : Placement.Mode.values()) {
      if (mode != options.mesh().mode()) {
        try {
          plans.add(plan(options.mesh().withMode(mode)));
        } catch (Refusal impossible) {
          // It is not offered.
        }
      }
    }
    return plans;
  }

  /**
   * Bytes a second that each device reads, measured; of ranks on the CPU what it reads with the
   * threads of all.
   */
  public List<Double> measureBandwidths() {
    int threads = choices.stream().filter(MeshDevices::isCpu).mapToInt(DeviceChoice::threads).sum();
    Map<DeviceChoice, Double> measured = new HashMap<>();
    return choices.stream()
        .map(choice -> isCpu(choice) ? DeviceChoice.cpu().withThreads(threads) : choice)
        .map(choice -> measured.computeIfAbsent(choice, this::bandwidth))
        .toList();
  }

  private static boolean isCpu(DeviceChoice choice) {
    return choice.kind() == DeviceChoice.Kind.CPU;
  }

  private double bandwidth(DeviceChoice choice) {
    if (devices.containsKey(choice)) {
      return measure(devices.get(choice));
    }
    try (Device device = Device.open(choice)) {
      return measure(device);
    }
  }

  private static double measure(Device device) {
    return device.measureRead(Math.min(MEASURED_BYTES, device.memory().free() / 4), REPEATS);
  }

  private MeshPlan plan(Mesh mesh) {
    Placement placement = mesh.placement(checkpoint.config());
    List<Ranks> ranks = LocalRanks.of(choices.size());
    Map<Kind, MeshPlan.Share> known = new HashMap<>();
    List<MeshPlan.Share> shares = new ArrayList<>();
    for (int rank = 0; rank < choices.size(); rank++) {
      Membership membership = new Membership(ranks.get(rank), placement);
      Kind kind = Kind.of(choices.get(rank), capacities.get(rank), membership.shard());
      int number = rank;
      shares.add(known.computeIfAbsent(kind, _ -> share(number, membership)));
    }
    return new MeshPlan(checkpoint, options, mesh.mode(), transport, choices, capacities, shares);
  }

  private MeshPlan.Share share(int rank, Membership membership) {
    DeviceChoice choice = choices.get(rank);
    try (Arena arena = Arena.ofConfined()) {
      Blueprint blueprint =
          Blueprint.of(
              checkpoint, options.withDevice(choice), devices.get(choice), membership, arena);
      Footprint need =
          blueprint.footprint(
              blueprint.stepPlans(Crossover.never()),
              transport.transport(),
              rankDevices.sharesEmbedding(membership.shard()));
      boolean card = capacities.get(rank).isGpu();
      return share(blueprint, card ? need.onCard(blueprint.parameters()) : need);
    }
  }

  /** With what a step of one token takes. */
  private MeshPlan.Share share(Blueprint blueprint, Footprint need) {
    StepGraph graph =
        StepGraph.of(
            blueprint.model(),
            StepShape.ofOneToken(blueprint.membership().shard(), false),
            blueprint.compute(),
            Crossover.never());
    int rank = blueprint.membership().ranks().rank();
    long read = 0;
    long exchanged = 0;
    int exchanges = 0;
    for (Op op : graph.graph().ops()) {
      read += read(op);
      if (op instanceof Exchanging exchange && exchange.members().getFirst() == rank) {
        exchanged += exchange.movedBytes();
        exchanges++;
      }
    }
    return new MeshPlan.Share(need, read, exchanged, exchanges);
  }

  /** Of experts what is read on average, where all are chosen equally often. */
  private long read(Op op) {
    if (!(op instanceof ExpertDown || op instanceof ExpertGateUp)) {
      return op.weightBytes();
    }
    FeedForwardConfig.Routed routed = checkpoint.config().moe().orElseThrow();
    long here =
        op.products().stream()
            .flatMap(product -> product.weights().stream())
            .mapToLong(weight -> weight.expertBytes() * weight.experts())
            .sum();
    return here * routed.perToken() / routed.experts();
  }

  @Override
  public void close() {
    devices.values().forEach(Device::close);
  }
}

// MeshArguments: the devices that a model is spread over, and how.
package dev.gatun.cli;

import dev.gatun.device.DeviceChoice;
import dev.gatun.device.Processors;
import dev.gatun.load.Capacity;
import dev.gatun.load.Mesh;
import dev.gatun.load.Transport;
import dev.gatun.ranks.Ranks;
import dev.gatun.refusal.Refusal;
import dev.gatun.shard.Placement;
import dev.gatun.weights.ModelConfig;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.Option;

/** Mixed into commands that run or plan a model. */
final class MeshArguments {
  private static final Pattern SIMULATED = Pattern.compile("sim:([1-9]\\d{0,3})x(.+)");
  private static final int MOST_DEVICES = 1024;

  @Option(
      names = "--devices",
      paramLabel = "LIST",
      description =
          "Spread the model over several devices, a comma between them: cuda:0,cuda:1; cuda:0,cpu;"
              + " cpu,cpu, which share the threads; cpu:0-3,cpu:4-7 or numa:0,numa:1, with"
              + " processors of their own; sim:8x24G, eight that the CPU stands for, of 24 GB"
              + " each.")
  Optional<String> list = Optional.empty();

  @Option(
      names = {"-sm", "--split-mode"},
      paramLabel = "MODE",
      description =
          "What each of --devices has: layer, whole layers; tensor, a part of every layer, experts"
              + " whole; expert, some experts, all else on each; hybrid, experts on all but the"
              + " first, all else there; data, as expert, and each has the cache (-c) of its own"
              + " sequences, for many at once. Default: hybrid for a GPU and the CPU, layer where"
              + " the model has no experts, else tensor.")
  Optional<SplitMode> split = Optional.empty();

  /** llama.cpp's none is one device. */
  enum SplitMode {
    NONE,
    LAYER,
    TENSOR,
    EXPERT,
    HYBRID,
    DATA;

    private Placement.Mode mode() {
      return switch (this) {
        case NONE -> throw Refusal.usage("--split-mode none, and several devices", "name one");
        case LAYER -> Placement.Mode.LAYER;
        case TENSOR -> Placement.Mode.TENSOR;
        case EXPERT -> Placement.Mode.EXPERT;
        case HYBRID -> Placement.Mode.HYBRID;
        case DATA -> Placement.Mode.DATA;
      };
    }
  }

  @Option(
      names = "--placement",
      paramLabel = "FILE",
      description =
          "Which of --devices hold which experts of each layer, as gatun balance writes it; by"
              + " default each has as many, in their order.")
  Optional<Path> placement = Optional.empty();

  @Option(
      names = "--exchange",
      paramLabel = "MODE",
      description =
          "How devices hand each other bytes: host, through host memory; peer, GPUs of one process"
              + " read each other's; nccl, GPUs of several processes, one each. Default: peer or"
              + " nccl where they work, else host; which, and why, is told.")
  Optional<Transport> exchange = Optional.empty();

  /** Whether several devices are named. */
  boolean isGiven() {
    return list.isPresent();
  }

  /**
   * The devices, the first that of rank 0.
   *
   * @param base for threads and instruction set of each
   */
  List<DeviceChoice> devices(DeviceChoice base) {
    List<DeviceChoice> devices = new ArrayList<>();
    for (String name : list.orElseThrow().split(",", -1)) {
      Matcher simulated = SIMULATED.matcher(name.strip());
      if (simulated.matches()) {
        int count = Integer.parseInt(simulated.group(1));
        DeviceChoice one = base.simulated(Capacity.bytes(simulated.group(2)));
        for (int i = 0; i < count && devices.size() < MOST_DEVICES; i++) {
          devices.add(one);
        }
      } else {
        devices.add(base.named(name.strip()));
      }
    }
    if (devices.isEmpty() || devices.size() >= MOST_DEVICES) {
      throw Refusal.usage(
          "--devices " + list.get() + " names no device, or too many",
          "name 1 to " + (MOST_DEVICES - 1));
    }
    return sharingThreads(devices, base.threads());
  }

  /** What is not bound to processors shares the threads that are left. */
  private static List<DeviceChoice> sharingThreads(List<DeviceChoice> devices, int threads) {
    int bound =
        devices.stream()
            .flatMap(one -> one.processors().stream())
            .mapToInt(Processors::count)
            .sum();
    int free = (int) devices.stream().filter(MeshArguments::isFree).count();
    int each = Math.max(1, (threads - bound) / Math.max(1, free));
    return devices.stream().map(one -> isFree(one) ? one.withThreads(each) : one).toList();
  }

  private static boolean isFree(DeviceChoice choice) {
    return isCpu(choice) && choice.processors().isEmpty();
  }

  /** A line for each two devices that have processors in common. */
  static List<String> overlaps(List<DeviceChoice> devices) {
    List<String> lines = new ArrayList<>();
    for (int i = 0; i < devices.size(); i++) {
      for (DeviceChoice other : devices.subList(i + 1, devices.size())) {
        DeviceChoice one = devices.get(i);
        Optional<Processors> both =
            one.processors().flatMap(own -> other.processors().map(own::common));
        both.filter(some -> some.count() > 0)
            .ifPresent(some -> lines.add(one + " and " + other + " share processor " + some));
      }
    }
    return lines;
  }

  private static boolean isCpu(DeviceChoice choice) {
    return choice.kind() == DeviceChoice.Kind.CPU;
  }

  /** Of several processes, each with one device. */
  Mesh ofProcesses(Ranks ranks) {
    Placement.Mode mode = mode(Placement.Mode.TENSOR);
    return new Mesh(List.of(), mode, mode, placement, Optional.of(ranks), exchange);
  }

  /** Of one device a process, this one's. */
  DeviceChoice ofRank(List<DeviceChoice> devices, Ranks ranks) {
    if (devices.size() != ranks.size()) {
      throw Refusal.usage(
          "--devices names "
              + devices.size()
              + " devices, and there are "
              + ranks.size()
              + " processes",
          "name one for each");
    }
    return devices.get(ranks.rank());
  }

  /** What the devices besides the first have. */
  Mesh mesh(List<DeviceChoice> devices) {
    if (devices.size() == 1) {
      refuseForOne("name them with --devices, or start several processes with mpirun");
      return Mesh.none();
    }
    List<DeviceChoice> others = devices.subList(1, devices.size());
    boolean hybrid = !isCpu(devices.getFirst()) && others.stream().anyMatch(MeshArguments::isCpu);
    return mesh(others, hybrid);
  }

  /** As {@link #mesh(List)}, of cards that need not be here; a CPU stands for each. */
  Mesh meshOf(List<Capacity> cards) {
    if (cards.size() == 1) {
      refuseForOne("name them: --vram 2x24G");
    }
    boolean hybrid = cards.getFirst().isGpu() && cards.stream().anyMatch(Capacity::isHost);
    return mesh(Collections.nCopies(cards.size() - 1, DeviceChoice.cpu().withThreads(1)), hybrid);
  }

  private void refuseForOne(String remedy) {
    if (placement.isPresent()) {
      throw Refusal.usage("--placement says which experts several devices hold", remedy);
    }
    if (split.orElse(SplitMode.NONE) != SplitMode.NONE) {
      throw Refusal.usage("--split-mode says how several devices share a model", remedy);
    }
    if (exchange.isPresent()) {
      throw Refusal.usage("--exchange says how several devices hand each other bytes", remedy);
    }
  }

  private Mesh mesh(List<DeviceChoice> others, boolean hybrid) {
    return new Mesh(
        others,
        mode(hybrid ? Placement.Mode.HYBRID : Placement.Mode.TENSOR),
        mode(hybrid ? Placement.Mode.LAYER : Placement.Mode.TENSOR),
        placement,
        Optional.empty(),
        exchange);
  }

  /** What a model is told of whose mode was left to it. */
  static Optional<String> told(Mesh mesh, ModelConfig config) {
    return mesh.size() > 1 && mesh.mode() != mesh.denseMode() && config.moe().isEmpty()
        ? Optional.of("the model has no experts: each device has whole layers (-sm layer)")
        : Optional.empty();
  }

  private Placement.Mode mode(Placement.Mode otherwise) {
    return split.map(SplitMode::mode).orElse(otherwise);
  }
}

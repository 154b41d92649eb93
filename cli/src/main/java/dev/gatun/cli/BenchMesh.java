// BenchMesh: the devices that a bench's model is spread over, and what they did in one test.
package dev.gatun.cli;

import dev.gatun.device.DeviceChoice;
import dev.gatun.engine.Engine;
import dev.gatun.engine.MeshCounts;
import dev.gatun.load.Capacity;
import dev.gatun.load.EngineOptions;
import dev.gatun.load.RankLoad;
import dev.gatun.load.Transport;
import dev.gatun.shard.Placement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * @param ranks what each has loaded
 * @param bytesPerToken that come from one device to another
 * @param nanosPerToken that rank 0 waits for others and copies
 * @param workPerToken nanoseconds of steps in which a device did not wait for others, of this
 *     process's devices, by rank
 * @param balance mean over maximum, of the devices that have experts, of the rows that these
 *     computed; where no experts are spread, of all devices, of the bytes of weights that a token
 *     reads
 */
record BenchMesh(
    List<RankLoad> ranks,
    Transport exchange,
    double bytesPerToken,
    double nanosPerToken,
    List<Double> workPerToken,
    double balance) {

  /** Of an engine on several devices; empty of one device. */
  static Optional<BenchMesh> of(Engine engine, MeshCounts counts, long tokens) {
    if (engine.ranks().size() == 1) {
      return Optional.empty();
    }
    return Optional.of(
        new BenchMesh(
            engine.ranks(),
            engine.transport().transport(),
            (double) counts.exchangedBytes() / tokens,
            (double) counts.exchangeNanos() / tokens,
            counts.workNanos().stream().map(nanos -> (double) nanos / tokens).toList(),
            balance(engine, counts)));
  }

  private static double balance(Engine engine, MeshCounts counts) {
    Placement placement = engine.options().mesh().placement(engine.config());
    Set<Integer> withExperts =
        placement.experts().stream()
            .flatMap(Optional::stream)
            .flatMap(List::stream)
            .flatMap(List::stream)
            .collect(Collectors.toSet());
    double[] loads =
        withExperts.isEmpty()
            ? engine.ranks().stream().mapToDouble(r -> weightsPerToken(engine, r)).toArray()
            : withExperts.stream().mapToDouble(counts.expertRows()::get).toArray();
    return BenchResult.mean(loads) / Arrays.stream(loads).max().orElseThrow();
  }

  /** Bytes of weights that a token reads on one device, where experts are chosen evenly. */
  static double weightsPerToken(Engine engine, RankLoad rank) {
    return rank.weightsPerToken(
        engine.config().moe().map(moe -> moe.perToken() / (double) moe.experts()).orElse(1.0));
  }

  /** What llama-bench does not have. */
  Map<String, Object> fields() {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("exchange", exchange.toString());
    fields.put("exchange_bytes_per_token", Math.round(bytesPerToken));
    fields.put("exchange_us_per_token", nanosPerToken / 1e3);
    fields.put(
        "work_us_per_token", workPerToken.stream().mapToLong(n -> Math.round(n / 1e3)).toArray());
    fields.put("balance", balance);
    fields.put("planned_memory_bytes", ranks.stream().mapToLong(RankLoad::planned).toArray());
    fields.put("allocated_memory_bytes", ranks.stream().mapToLong(RankLoad::allocated).toArray());
    return fields;
  }

  /**
   * Milliseconds a token in which each device worked: "0.51/1.02"; the most where there are many.
   */
  String work() {
    if (workPerToken.size() > 4) {
      return "most " + milliseconds(Collections.max(workPerToken));
    }
    return workPerToken.stream().map(BenchMesh::milliseconds).collect(Collectors.joining("/"));
  }

  private static String milliseconds(double nanos) {
    return String.format(Locale.ROOT, "%.2f", nanos / 1e6);
  }

  /** The most that was planned for a device, and what that device allocated. */
  String memory() {
    RankLoad most = ranks.stream().max(Comparator.comparingLong(RankLoad::planned)).orElseThrow();
    return Amount.bytes(most.planned()) + " / " + Amount.bytes(most.allocated());
  }

  /** All devices, the first that of rank 0. */
  static List<DeviceChoice> devices(EngineOptions options) {
    return Stream.concat(Stream.of(options.device()), options.mesh().others().stream()).toList();
  }

  /** {@code cuda:0/cuda:1}, as llama-bench joins them; {@code sim:4x8G} as --devices has it. */
  static String names(EngineOptions options) {
    List<String> names = new ArrayList<>();
    List<DeviceChoice> devices = devices(options);
    for (int from = 0, to; from < devices.size(); from = to) {
      DeviceChoice one = devices.get(from);
      to = from + 1;
      while (one.isSimulated() && to < devices.size() && devices.get(to).equals(one)) {
        to++;
      }
      names.add(
          one.isSimulated()
              ? "sim:" + (to - from) + "x" + Capacity.size(one.memory())
              : one.toString());
    }
    return String.join("/", names);
  }

  /** How they share the model; none where one device has it all. */
  static String splitMode(EngineOptions options) {
    return options.mesh().size() == 1
        ? "none"
        : options.mesh().mode().name().toLowerCase(Locale.ROOT);
  }

  /** The kinds of the devices, as llama-bench joins them. */
  static String backends(EngineOptions options) {
    return devices(options).stream()
        .map(one -> one.kind() == DeviceChoice.Kind.CPU ? "CPU" : "CUDA")
        .distinct()
        .collect(Collectors.joining(","));
  }

  /** Threads of all devices that the CPU stands for; as they are where there is one device. */
  static int threads(EngineOptions options) {
    List<DeviceChoice> devices = devices(options);
    int cpus =
        devices.stream()
            .filter(one -> one.kind() == DeviceChoice.Kind.CPU)
            .mapToInt(DeviceChoice::threads)
            .sum();
    return cpus == 0 ? options.device().threads() : cpus;
  }

  /**
   * The devices whose limits add up to the machine's: each GPU once, and the CPU once with the
   * threads of all devices that it stands for.
   */
  static List<DeviceChoice> machine(EngineOptions options) {
    List<DeviceChoice> devices = devices(options);
    Stream<DeviceChoice> gpus =
        devices.stream().filter(one -> one.kind() != DeviceChoice.Kind.CPU).distinct();
    Optional<DeviceChoice> cpu =
        devices.stream()
            .filter(one -> one.kind() == DeviceChoice.Kind.CPU)
            .findFirst()
            .map(
                one ->
                    one.simulated(DeviceChoice.ALL_MEMORY).unbound().withThreads(threads(options)));
    return Stream.concat(gpus, cpu.stream()).toList();
  }
}

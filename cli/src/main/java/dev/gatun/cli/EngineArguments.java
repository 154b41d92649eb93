// EngineArguments: how the model is loaded: threads, context, batch, arithmetic, device.
package dev.gatun.cli;

import dev.gatun.device.Device;
import dev.gatun.device.DeviceChoice;
import dev.gatun.device.Isa;
import dev.gatun.engine.Engine;
import dev.gatun.graph.Compute;
import dev.gatun.load.Capacity;
import dev.gatun.load.EngineOptions;
import dev.gatun.load.Gemm;
import dev.gatun.load.TransportChoice;
import dev.gatun.ranks.MpiRanks;
import dev.gatun.refusal.Refusal;
import dev.gatun.weights.Checkpoint;
import dev.gatun.weights.ModelConfig;
import dev.gatun.weights.RopeOverride;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Mixed into commands that run the model. */
final class EngineArguments {
  private static final String ONE_DEVICE = "--gemm is for one device";

  @Option(
      names = {"-c", "--ctx-size"},
      paramLabel = "N|max",
      description =
          "Tokens of context; max, the default, takes the model's own, or the most that fit; 0 the"
              + " model's own and nothing less. With -sm data of each device.")
  Optional<String> context = Optional.empty();

  @Option(
      names = {"-b", "--batch-size"},
      paramLabel = "N",
      description = "Most prompt tokens handed over at once (2048).")
  Optional<Integer> batch = Optional.empty();

  @Option(
      names = {"-ub", "--ubatch-size"},
      paramLabel = "N",
      description = "Most tokens of one step (512).")
  Optional<Integer> ubatch = Optional.empty();

  @Option(
      names = "--compute",
      paramLabel = "auto|int8|int16|f32",
      description =
          "Arithmetic: activations in int8, in 16 bits (twice the operations), or all in float32;"
              + " auto, the default, is int8, and of DeepSeek-V3's family int16.")
  Optional<Compute> compute = Optional.empty();

  @Mixin GemmArgument gemm;

  @Mixin CacheArguments cache;

  @Mixin RopeArguments rope;

  @Mixin DeviceArgument device;

  @Mixin MeshArguments mesh;

  @Mixin GpuLayersArgument layers;

  @Option(
      names = "--isa",
      paramLabel = "NAME",
      description = "Instruction set of the CPU: best, plain, avx2, avx512 or avx512-vnni.")
  Optional<String> isa = Optional.empty();

  @Option(
      names = "--no-graphs",
      description = "Launch each kernel of a GPU's step by itself, instead of a recorded graph.")
  boolean noGraphs;

  /**
   * The options for {@code threads} threads, where empty for as many as the machine has cores.
   * Refuses a device that is not there before a model is opened or fetched.
   */
  EngineOptions options(Optional<Integer> threads, Stdio stdio) {
    Optional<MpiRanks> ranks = stdio.processes().join();
    List<DeviceChoice> choices = choices(threads, stdio);
    EngineOptions options =
        ranks
            .map(
                joined ->
                    on(mesh.isGiven() ? mesh.ofRank(choices, joined) : choices.getFirst())
                        .withMesh(mesh.ofProcesses(joined)))
            .orElseGet(() -> on(choices.getFirst()).withMesh(mesh.mesh(choices)));
    gemm.require(options.device());
    refuseIf(options.mesh().size() > 1 && gemm.gemm != Gemm.OWN, ONE_DEVICE, "leave it out");
    return options;
  }

  /** Whether another process reads and prints, and this one runs its steps: {@link #follow}. */
  boolean follows(EngineOptions options) {
    return options.mesh().processes().filter(ranks -> ranks.rank() > 0).isPresent();
  }

  /** Runs the steps of rank 0's engine, until that is closed. */
  void follow(Checkpoint checkpoint, EngineOptions options, Stdio stdio) {
    stdio.processes().agree(checkpoint, options);
    Engine.follow(checkpoint, options);
  }

  /** As {@link #options}, for cards that need not be here, one at least. */
  EngineOptions planned(List<Capacity> cards) {
    refuseIf(isa.isPresent() || noGraphs, "a card is given, and --isa or --no-graphs", "drop them");
    refuseIf(mesh.isGiven(), "--vram and --devices each name devices", "keep one of them");
    refuseIf(cards.size() > 1 && gemm.gemm != Gemm.OWN, ONE_DEVICE, "leave it out");
    return on(DeviceChoice.cpu().withThreads(1)).withMesh(mesh.meshOf(cards));
  }

  private EngineOptions on(DeviceChoice choice) {
    EngineOptions defaults = EngineOptions.defaults();
    EngineOptions options =
        defaults
            .withDevice(choice)
            .withContext(context.map(EngineArguments::tokens).orElse(defaults.context()))
            .withBatch(batch.orElse(defaults.batch()), ubatch.orElse(defaults.ubatch()))
            .withCompute(compute.orElse(defaults.compute()))
            .withGemm(gemm.gemm);
    return cache.types(options.cacheTypes()).map(options::withCache).orElse(options);
  }

  /** The checkpoint with the scaling that is asked for, which is told; closes it on a refusal. */
  Checkpoint scaled(Checkpoint checkpoint, Stdio stdio) {
    Checkpoint scaled;
    try {
      layers.requireWhole(checkpoint.config());
      scaled = rope.choice().apply(checkpoint);
    } catch (Refusal refusal) {
      checkpoint.close();
      throw refusal;
    }
    if (rope.scaling.isPresent()) {
      ModelConfig config = scaled.config();
      String what = RopeOverride.described(config);
      stdio.err().println("RoPE scaling: " + what + "; context up to " + config.contextLength());
    }
    scaled.assumption().ifPresent(stdio::tell);
    return scaled;
  }

  /** The context, where it was left to the model and the device; how GPUs hand each other bytes. */
  void tellLoaded(Engine engine, Stdio stdio) {
    if (engine.ranks().size() > 1 && engine.device().isGpu()) {
      TransportChoice choice = engine.transport();
      stdio.tell("exchange: " + choice.transport() + ", " + choice.why());
    }
    if (engine.options().context() == EngineOptions.WHAT_FITS) {
      int own = engine.config().contextLength();
      boolean ofEach = engine.contextOfEach() < engine.context();
      String line = contextLine(engine.contextOfEach(), own, engine.cacheBytes());
      stdio.tell(line + (ofEach ? ", on each device for its own sequences" : ""));
    }
  }

  /** {@code context: 40960 tokens, the model's own; a cache of 5.31 GiB}. */
  static String contextLine(int context, int own, long cacheBytes) {
    return "context: "
        + context
        + (context < own
            ? " tokens fit of the model's " + own + " (gatun plan shows what would hold more)"
            : " tokens, the model's own")
        + "; a cache of "
        + Amount.bytes(cacheBytes);
  }

  private static int tokens(String text) {
    if (text.strip().equalsIgnoreCase("max")) {
      return EngineOptions.WHAT_FITS;
    }
    try {
      int tokens = Integer.parseInt(text.strip());
      if (tokens >= 0) {
        return tokens;
      }
    } catch (NumberFormatException e) {
      // Refused below, as a negative number is.
    }
    throw Refusal.usage("context (-c) is " + text, "give a number of tokens, or max");
  }

  private List<DeviceChoice> choices(Optional<Integer> threads, Stdio stdio) {
    int cores = Math.max(1, Machine.cores() / stdio.processes().onThisMachine());
    DeviceChoice base =
        DeviceChoice.cpu()
            .withThreads(threads.orElse(cores))
            .withIsa(isa.map(Isa::parse).orElse(Isa.BEST))
            .withGraphs(!noGraphs);
    List<DeviceChoice> choices = mesh.isGiven() ? several(base) : List.of(one(base, stdio));
    refuseIgnored(choices, threads);
    choices.forEach(Device::require);
    MeshArguments.overlaps(choices).forEach(stdio::tell);
    return choices;
  }

  private List<DeviceChoice> several(DeviceChoice base) {
    refuseIf(device.name.isPresent(), "--device and --devices", "give one of them");
    refuseIf(
        layers.layers.isPresent(), "-ngl and --devices each say what is on a GPU", "drop -ngl");
    return mesh.devices(base);
  }

  private DeviceChoice one(DeviceChoice base, Stdio stdio) {
    layers.decide(device);
    return device.choice(base, stdio);
  }

  /** What would say nothing of any of the devices. */
  private void refuseIgnored(List<DeviceChoice> choices, Optional<Integer> threads) {
    boolean cpu = choices.stream().anyMatch(choice -> choice.kind() == DeviceChoice.Kind.CPU);
    boolean free =
        choices.stream()
            .anyMatch(one -> one.kind() == DeviceChoice.Kind.CPU && one.processors().isEmpty());
    boolean found = !mesh.isGiven() && device.isAuto();
    String of = choices.size() == 1 ? choices.getFirst().toString() : "GPUs";
    String remedy = "leave it out" + (found && !cpu ? ", or add --device cpu" : "");
    refuseIf(
        cpu && !free && threads.isPresent(),
        "-t, and devices that have a thread for each of their processors",
        "leave it out");
    refuseIf(!cpu && threads.isPresent(), "-t says nothing of " + of, remedy);
    refuseIf(!cpu && isa.isPresent(), "--isa says nothing of " + of, remedy);
    refuseIf(cpu && choices.size() == 1 && noGraphs, "--no-graphs says nothing of the CPU", remedy);
    refuseIf(
        choices.size() > 1 && noGraphs,
        "no graph is recorded over several devices",
        "drop --no-graphs");
  }

  private static void refuseIf(boolean wrong, String what, String remedy) {
    if (wrong) {
      throw Refusal.usage(what, remedy);
    }
  }
}

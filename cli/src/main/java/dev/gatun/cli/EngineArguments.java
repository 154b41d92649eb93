// EngineArguments: how the model is loaded: threads, context, batch, arithmetic, device.
package dev.gatun.cli;

import dev.gatun.device.Device;
import dev.gatun.device.DeviceChoice;
import dev.gatun.device.Isa;
import dev.gatun.engine.Engine;
import dev.gatun.graph.Compute;
import dev.gatun.load.EngineOptions;
import dev.gatun.refusal.Refusal;
import dev.gatun.weights.Checkpoint;
import dev.gatun.weights.ModelConfig;
import dev.gatun.weights.RopeOverride;
import java.util.Optional;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Mixed into commands that run the model. */
final class EngineArguments {
  @Option(
      names = {"-c", "--ctx-size"},
      paramLabel = "N|max",
      description =
          "Tokens of context; 0, the default, takes the model's own, at most 8192; max takes the"
              + " most that fit.")
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
      paramLabel = "int8|f32",
      description = "Arithmetic: activations in int8, the default, or all in float32.")
  Optional<Compute> compute = Optional.empty();

  @Mixin GemmArgument gemm;

  @Mixin CacheArguments cache;

  @Mixin RopeArguments rope;

  @Option(
      names = {"-dev", "--device"},
      paramLabel = "NAME",
      description = "Where to run: cpu, the default, cuda or cuda:N (gatun devices).")
  Optional<String> device = Optional.empty();

  @Option(
      names = "--isa",
      paramLabel = "NAME",
      description = "Instruction set of the CPU: best, plain, avx2, avx512 or avx512-vnni.")
  Optional<String> isa = Optional.empty();

  @Option(
      names = "--no-graphs",
      description = "Launch each kernel of a GPU's step by itself, instead of a recorded graph.")
  boolean noGraphs;

  /** The options for {@code threads} threads, where empty for as many as the machine has cores. */
  EngineOptions options(Optional<Integer> threads) {
    EngineOptions options = planned(threads);
    gemm.require(options.device());
    return options;
  }

  /** As {@link #options}, for what will run on a device that need not be here. */
  EngineOptions planned(Optional<Integer> threads) {
    EngineOptions defaults = EngineOptions.defaults();
    EngineOptions options =
        defaults
            .withDevice(choice(threads))
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
    return scaled;
  }

  /** What {@code -c max} found. */
  void tellContext(Engine engine, Stdio stdio) {
    if (engine.options().context() == EngineOptions.WHAT_FITS) {
      String cache = Amount.bytes(engine.cacheBytes());
      stdio.err().println("context: " + engine.context() + " tokens, cache of " + cache);
    }
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

  /** Refuses a device that is not there before a model is opened or fetched. */
  private DeviceChoice choice(Optional<Integer> threads) {
    DeviceChoice choice =
        DeviceChoice.cpu()
            .named(device.orElse("cpu"))
            .withThreads(threads.orElseGet(Machine::cores))
            .withIsa(isa.map(Isa::parse).orElse(Isa.BEST))
            .withGraphs(!noGraphs);
    boolean cpu = choice.kind() == DeviceChoice.Kind.CPU;
    refuseIf(!cpu && threads.isPresent(), "-t says nothing of " + choice, "leave it out");
    refuseIf(!cpu && isa.isPresent(), "--isa says nothing of " + choice, "leave it out");
    refuseIf(cpu && noGraphs, "--no-graphs says nothing of the CPU", "leave it out");
    Device.require(choice);
    return choice;
  }

  private static void refuseIf(boolean wrong, String what, String remedy) {
    if (wrong) {
      throw Refusal.usage(what, remedy);
    }
  }
}

// EngineArguments: how the model is loaded: threads, context, batch, arithmetic, device.
package dev.gatun.cli;

import dev.gatun.device.Device;
import dev.gatun.device.Isa;
import dev.gatun.engine.EngineOptions;
import dev.gatun.graph.Compute;
import dev.gatun.refusal.Refusal;
import java.util.Optional;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Mixed into commands that run the model. */
final class EngineArguments {
  @Option(
      names = {"-c", "--ctx-size"},
      paramLabel = "N",
      description = "Tokens of context; 0, the default, takes the model's own, at most 8192.")
  Optional<Integer> context = Optional.empty();

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

  @Mixin CacheArguments cache;

  @Option(
      names = {"-dev", "--device"},
      paramLabel = "NAME",
      description = "Where to run: cpu.")
  Optional<String> device = Optional.empty();

  @Option(
      names = "--isa",
      paramLabel = "NAME",
      description = "Instruction set: best, plain, avx2, avx512 or avx512-vnni.")
  Optional<String> isa = Optional.empty();

  /** The options for {@code threads} threads, where empty for as many as the machine has cores. */
  EngineOptions options(Optional<Integer> threads) {
    requireDevice();
    EngineOptions defaults = EngineOptions.defaults();
    EngineOptions options =
        defaults
            .withThreads(threads.orElseGet(Machine::cores))
            .withContext(context.orElse(defaults.context()))
            .withBatch(batch.orElse(defaults.batch()), ubatch.orElse(defaults.ubatch()))
            .withCompute(compute.orElse(defaults.compute()))
            .withIsa(isa.map(Isa::parse).orElse(defaults.isa()));
    return cache.types(options.cacheTypes()).map(options::withCache).orElse(options);
  }

  private void requireDevice() {
    String name = device.orElse("cpu");
    if (name.startsWith("cuda")) {
      throw Refusal.device(
          "there is no device '" + name + "': " + Device.whyNoGpu(), "use --device cpu", null);
    }
    if (!name.equals("cpu")) {
      throw Refusal.usage("there is no device '" + name + "'", "use --device cpu");
    }
  }
}

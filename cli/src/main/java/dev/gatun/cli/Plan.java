// Plan: what a model takes on a device, before anything is loaded.
package dev.gatun.cli;

import dev.gatun.load.Capacity;
import dev.gatun.load.EngineOptions;
import dev.gatun.load.LoadPlan;
import dev.gatun.load.MeshDevices;
import dev.gatun.load.MeshPlan;
import dev.gatun.load.PlanText;
import dev.gatun.refusal.Refusal;
import dev.gatun.weights.Checkpoint;
import dev.gatun.weights.Weight;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "plan",
    sortOptions = false,
    abbreviateSynopsis = true,
    description = {
      "Print what a model takes on a device, or on several, which contexts fit, and where what is"
          + " asked for does not, what would. Loads nothing. Exits with 3 where it does not fit.",
      ""
    })
final class Plan implements Callable<Integer> {
  @Mixin SyntheticArgument model;

  @Option(
      names = "--vram",
      paramLabel = "SIZE|LIST",
      description =
          "Plan for a GPU of this memory, which need not be here. 24G is a card as sold (24564"
              + " MiB); 24564M, 24GiB and 24GB are exact. 8x141G are eight; 24G,host one and this"
              + " machine's memory, host:512G that of another. With the bandwidth of each, as"
              + " 24G@1008G (bytes a second), tokens/s are predicted.")
  Optional<String> vram = Optional.empty();

  @Mixin MtpArgument layer;
  @Mixin EngineArguments engine;
  @Mixin CacheRamArgument cacheRam;
  @Mixin StandardOptions standard;

  private final Stdio stdio;

  Plan(Stdio stdio) {
    this.stdio = stdio;
  }

  @Override
  public Integer call() {
    Cards named = vram.map(Cards::parse).orElse(Cards.none());
    List<Capacity> cards = named.capacities();
    if (!cards.isEmpty() && (!engine.device.isAuto() || engine.layers.layers.isPresent())) {
      throw Refusal.usage("--vram and --device each name a device", "keep one of them");
    }
    if (stdio.processes().areSeveral()) {
      throw Refusal.usage(
          "gatun plan is one process's work", "start it without mpirun, and name --devices");
    }
    EngineOptions options =
        cacheRam.applied(
            cards.isEmpty() ? engine.options(Optional.empty(), stdio) : engine.planned(cards));
    try (Checkpoint checkpoint = engine.scaled(open(), stdio)) {
      MeshArguments.told(options.mesh(), checkpoint.config()).ifPresent(stdio::tell);
      boolean fits =
          options.mesh().size() > 1
              ? overDevices(checkpoint, options, named)
              : onOne(checkpoint, options, named);
      return fits ? 0 : Refusal.Reason.DOES_NOT_FIT.exitCode();
    }
  }

  /** Prints the plan; returns whether it fits. */
  private boolean onOne(Checkpoint checkpoint, EngineOptions options, Cards card) {
    LoadPlan plan = LoadPlan.of(checkpoint, options, card.capacities().stream().findFirst());
    stdio.out().println(title(checkpoint) + "\n");
    stdio.out().print(new PlanText(plan).toString());
    if (card.bandwidths().isPresent()) {
      try (MeshDevices devices = new MeshDevices(checkpoint, options, card.capacities())) {
        double seconds = devices.plan().readSeconds(card.bandwidths().get());
        stdio.out().println(MeshPlanText.counted(seconds));
      }
    }
    if (plan.fits() && options.context() == EngineOptions.WHAT_FITS) {
      int own = checkpoint.config().contextLength();
      long cache = plan.budget().cacheBytes(plan.types(), plan.context());
      stdio.out().println(EngineArguments.contextLine(plan.context(), own, cache));
    }
    return plan.fits();
  }

  /** As {@link #onOne}; devices that are here are measured. */
  private boolean overDevices(Checkpoint checkpoint, EngineOptions options, Cards cards) {
    try (MeshDevices devices = new MeshDevices(checkpoint, options, cards.capacities())) {
      MeshPlan plan = devices.plan();
      boolean here = cards.capacities().isEmpty();
      Optional<List<Double>> bandwidths =
          here ? Optional.of(devices.measureBandwidths()) : cards.bandwidths();
      stdio.out().println(title(checkpoint) + "\n");
      stdio.out().print(new MeshPlanText(plan, devices.others(), bandwidths, here).toString());
      return plan.fits();
    }
  }

  private Checkpoint open() {
    return model.open(stdio, layer.mtp).checkpoint();
  }

  private static String title(Checkpoint checkpoint) {
    long parameters = checkpoint.weights().stream().mapToLong(Weight::count).sum();
    return String.format(
        Locale.ROOT,
        "%s: %s, %s parameters, %s",
        checkpoint.name(),
        checkpoint.config().architecture(),
        Amount.count(parameters),
        Amount.bytes(checkpoint.fileBytes()));
  }
}

// Balance: places experts on devices by how often each was chosen.
package dev.gatun.cli;

import dev.gatun.refusal.Refusal;
import dev.gatun.shard.ExpertCounts;
import dev.gatun.shard.ExpertPlacement;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "balance",
    sortOptions = false,
    abbreviateSynopsis = true,
    description = {
      "Place a model's experts on devices by how often each was chosen (DeepSeek's EPLB), so that"
          + " all devices have equally much to do. Reads what --record-experts wrote, and writes"
          + " what --placement reads.",
      ""
    })
final class Balance implements Callable<Integer> {
  /** As --devices takes. */
  private static final int MOST_DEVICES = 1023;

  @Option(
      names = "--experts",
      required = true,
      paramLabel = "COUNTS.json",
      description = "What run, bench or logits wrote with --record-experts.")
  Path counts = Path.of("");

  @Option(
      names = "--devices",
      required = true,
      paramLabel = "N",
      description = "Devices that the model will be spread over.")
  int devices;

  @Option(
      names = "--copies",
      paramLabel = "N",
      description =
          "Experts of each layer that a device holds beyond an equal share, copies of those that"
              + " are chosen most (0).")
  Optional<Integer> copies = Optional.empty();

  @Option(
      names = "--first-device-experts",
      paramLabel = "N",
      description =
          "Put the N experts of each layer that are chosen most on the first device, and balance"
              + " the others over the rest: for --split-mode hybrid.")
  Optional<Integer> first = Optional.empty();

  @Option(
      names = {"-o", "--output"},
      required = true,
      paramLabel = "FILE.json",
      description = "The placement to write.")
  Path output = Path.of("");

  @Mixin StandardOptions standard;

  private final Stdio stdio;

  Balance(Stdio stdio) {
    this.stdio = stdio;
  }

  @Override
  public Integer call() {
    require(copies.orElse(0) >= 0, "--copies " + copies.orElse(0), "give 0 or more");
    int fewest = first.isPresent() ? 2 : 1;
    require(
        devices >= fewest && devices <= MOST_DEVICES,
        "--devices " + devices,
        "give " + fewest + " to " + MOST_DEVICES);
    ExpertCounts counted = ExpertCounts.read(counts);
    int experts = counted.shape().experts();
    first.ifPresent(
        n ->
            require(
                n >= 0 && n <= experts,
                "--first-device-experts " + n + ", a layer has " + experts,
                "give 0 to " + experts));
    ExpertPlacement placed = placed(counted);
    placed.write(output);
    stdio
        .out()
        .println(
            String.format(
                Locale.ROOT,
                "%d experts of each of %d layers on %d devices: the mean is %.1f %% of the fullest"
                    + " device's load (%.1f %% in equal runs); %s",
                experts,
                counted.shape().layers().size(),
                devices,
                100 * placed.balance(counted),
                100 * ExpertPlacement.contiguous(counted.shape(), devices).balance(counted),
                output));
    return 0;
  }

  private ExpertPlacement placed(ExpertCounts counted) {
    int more = copies.orElse(0);
    if (first.isPresent()) {
      return ExpertPlacement.hottestFirst(counted, devices, first.get(), more);
    }
    // A device cannot hold more than all experts, so any larger number says the same.
    int slots = Math.ceilDiv(counted.shape().experts(), devices);
    int most = Math.min(more, counted.shape().experts());
    return ExpertPlacement.balanced(counted, devices, slots + most, 1, 1);
  }

  private static void require(boolean holds, String what, String remedy) {
    if (!holds) {
      throw Refusal.usage(what, remedy);
    }
  }
}

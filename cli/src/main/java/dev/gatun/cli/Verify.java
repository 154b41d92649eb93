// Verify: shows that this build computes what it must on this machine.
package dev.gatun.cli;

import dev.gatun.device.Device;
import dev.gatun.device.DeviceChoice;
import dev.gatun.verify.Finding;
import dev.gatun.verify.Verification;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "verify",
    sortOptions = false,
    description = {
      "Check a device: every op against the CPU (of a GPU), tiny models against what other engines"
          + " compute from them, what must repeat bit for bit, and two ranks of the device against"
          + " one. A line a check: ok or FAIL, its name, its figure and (the bound). Exit code 1"
          + " where one fails.",
      ""
    })
final class Verify implements Callable<Integer> {
  @Mixin DeviceArgument device;

  @Option(
      names = "--oracles",
      paramLabel = "FOLDER",
      description = "Tiny models with their answers, instead of those that came with this build.")
  Optional<Path> oracles = Optional.empty();

  @Option(names = "--quick", description = "Two models and 30 repeats instead of all and 300.")
  boolean quick;

  @Mixin StandardOptions standard;

  private final Stdio stdio;
  private int checks;
  private int failed;

  Verify(Stdio stdio) {
    this.stdio = stdio;
  }

  @Override
  public Integer call() {
    DeviceChoice choice = device.choice(DeviceChoice.cpu().withThreads(Machine.cores()), stdio);
    Instant begin = Instant.now();
    new Verification(choice, oracles, quick).run(this::tell);
    if (choice.kind() == DeviceChoice.Kind.CUDA && !Device.hasGemm(choice)) {
      stdio.out().println("--    cuBLAS is not found: prompts by it were not checked");
    }
    long seconds = Duration.between(begin, Instant.now()).toSeconds();
    stdio
        .out()
        .println(choice + ": " + checks + " checks, " + failed + " failed, " + seconds + " s");
    return failed == 0 ? 0 : 1;
  }

  private void tell(Finding finding) {
    checks++;
    failed += finding.holds() ? 0 : 1;
    stdio.out().println(finding.toString());
    stdio.out().flush();
  }
}

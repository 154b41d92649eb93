// Devices: what this machine can run models on.
package dev.gatun.cli;

import dev.gatun.device.Device;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

@Command(
    name = "devices",
    description = {"List the devices of this machine, and say why there is no GPU.", ""})
final class Devices implements Callable<Integer> {
  @Mixin StandardOptions standard;

  private final Stdio stdio;

  Devices(Stdio stdio) {
    this.stdio = stdio;
  }

  @Override
  public Integer call() {
    Table table =
        new Table(List.of("device", "name", "instructions", "threads", "memory"), List.of());
    table.row(
        "cpu",
        Machine.cpuName(),
        Device.bestIsa().toString(),
        String.valueOf(Machine.cores()),
        Machine.memory().stream().mapToObj(Amount::bytes).findFirst().orElse("unknown"));
    stdio.out().print(table.toString());
    String why = Device.whyNoGpu();
    if (!why.isEmpty()) {
      stdio.out().println("no GPU: " + why);
    }
    return 0;
  }
}

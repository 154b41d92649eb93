// Devices: what this machine can run models on.
package dev.gatun.cli;

import dev.gatun.device.CudaDevices;
import dev.gatun.device.Device;
import dev.gatun.device.DeviceMemory;
import dev.gatun.device.Gpu;
import dev.gatun.refusal.Refusal;
import java.util.List;
import java.util.Optional;
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
    Optional<String> why = Optional.empty();
    try {
      CudaDevices.list().forEach(gpu -> row(table, gpu));
    } catch (Refusal refusal) {
      why = Optional.of(refusal.getMessage());
    }
    stdio.out().print(table.toString());
    CudaDevices.driver().ifPresent(version -> stdio.out().println("NVIDIA driver " + version));
    why.ifPresent(reason -> stdio.out().println("no GPU: " + reason));
    return 0;
  }

  private static void row(Table table, Gpu gpu) {
    DeviceMemory memory = gpu.memory();
    table.row(
        "cuda:" + gpu.index(),
        gpu.name(),
        "compute " + gpu.generation(),
        "",
        Amount.bytes(memory.total()) + ", " + Amount.bytes(memory.free()) + " free");
  }
}

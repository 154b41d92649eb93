// Devices: what this machine can run models on.
package dev.gatun.cli;

import dev.gatun.device.CudaDevices;
import dev.gatun.device.Device;
import dev.gatun.device.Gpu;
import dev.gatun.device.GpuState;
import dev.gatun.refusal.Refusal;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

@Command(
    name = "devices",
    description = {
      "List the devices of this machine: of GPUs also who holds their memory, power, clocks, what"
          + " slows them, and PCIe. Where there is no GPU, say why.",
      ""
    })
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
    List<String> more = new ArrayList<>();
    try {
      CudaDevices.list().forEach(gpu -> add(gpu, table, more));
      CudaDevices.unmeasured()
          .ifPresent(why -> more.add("memory in use, clocks and power are not known: " + why));
      more.add(
          CudaDevices.hasCublas()
              ? "cuBLAS is found: --gemm cublas and fastest can be used"
              : "no cuBLAS: scripts/fetch-cuda --cublas brings it; nothing but --gemm needs it");
    } catch (Refusal refusal) {
      more.add("no GPU: " + refusal.getMessage());
    }
    CudaDevices.driver().ifPresent(version -> more.addFirst("NVIDIA driver " + version));
    stdio.out().print(table.toString());
    more.forEach(stdio.out()::println);
    return 0;
  }

  private static void add(Gpu gpu, Table table, List<String> more) {
    Optional<GpuState> state = CudaDevices.state(gpu);
    String name = "cuda:" + gpu.index();
    String memory = GpuLines.memory(gpu, state);
    table.row(name, gpu.name(), "compute " + gpu.generation(), "", memory);
    GpuLines.of(gpu, state).forEach(line -> more.add(name + ": " + line));
  }
}

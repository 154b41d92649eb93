// TransportChoiceTest: which way devices hand each other bytes, and what is said of another.
package dev.gatun.load;

import static dev.gatun.load.Transport.HOST;
import static dev.gatun.load.Transport.NCCL;
import static dev.gatun.load.Transport.PEER;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.device.Device;
import dev.gatun.device.DeviceChoice;
import dev.gatun.ranks.LocalRanks;
import dev.gatun.ranks.Ranks;
import dev.gatun.refusal.Refusal;
import dev.gatun.step.Relay;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class TransportChoiceTest {
  private static final DeviceChoice CPU = DeviceChoice.cpu().withThreads(1);
  private static final DeviceChoice GPU = CPU.named("emulated");

  /** Of ranks on these devices, which all find the same. */
  private static TransportChoice agreed(Optional<Transport> asked, DeviceChoice... choices)
      throws Exception {
    List<Ranks> all = LocalRanks.of(choices.length);
    List<Callable<TransportChoice>> calls = new ArrayList<>();
    for (Ranks ranks : all) {
      calls.add(
          () -> {
            try (Device device = Device.open(choices[ranks.rank()])) {
              Relay relay = new Relay(ranks, 64, false);
              RankDevices rankDevices = RankDevices.gathered(relay, ranks, device);
              return TransportChoice.agreed(relay, rankDevices, device, asked);
            }
          });
    }
    List<TransportChoice> found = new ArrayList<>();
    try (ExecutorService threads = Executors.newFixedThreadPool(choices.length)) {
      for (Future<TransportChoice> end : threads.invokeAll(calls)) {
        found.add(end.get());
      }
    }
    all.forEach(Ranks::close);
    found.forEach(one -> assertEquals(found.getFirst(), one));
    return found.getFirst();
  }

  private static void refuses(
      Refusal.Reason reason, String text, Transport asked, DeviceChoice... choices) {
    ExecutionException end =
        assertThrows(ExecutionException.class, () -> agreed(Optional.of(asked), choices));
    Refusal refusal = (Refusal) end.getCause();
    assertEquals(reason, refusal.reason());
    assertTrue(refusal.getMessage().startsWith(text), refusal.getMessage());
  }

  private static TransportChoice planned(Optional<Transport> asked, DeviceChoice... choices) {
    List<Device> devices = new ArrayList<>();
    try {
      for (DeviceChoice choice : choices) {
        devices.add(Device.open(choice));
      }
      return TransportChoice.planned(devices, RankDevices.of(devices), asked);
    } finally {
      devices.forEach(Device::close);
    }
  }

  @Test
  @Tag("emulated")
  void gpusOfAProcessReadEachOther() throws Exception {
    TransportChoice peer = new TransportChoice(PEER, "each GPU reads the others' memory");
    assertEquals(peer, agreed(Optional.empty(), GPU, GPU, GPU));
    assertEquals(peer, agreed(Optional.of(PEER), GPU, GPU));
    assertEquals(peer, planned(Optional.empty(), GPU, GPU));
    TransportChoice host = new TransportChoice(HOST, "as asked for");
    assertEquals(host, agreed(Optional.of(HOST), GPU, GPU));
    assertEquals(host, planned(Optional.of(HOST), GPU, GPU));
    TransportChoice mixed = new TransportChoice(HOST, "rank 1 is on a CPU");
    assertEquals(mixed, agreed(Optional.empty(), GPU, CPU));
    assertEquals(mixed, planned(Optional.empty(), GPU, CPU));
    refuses(
        Refusal.Reason.DEVICE,
        "--exchange peer: rank 1 is on a CPU; use --exchange host",
        PEER,
        GPU,
        CPU);
    assertEquals(NCCL, planned(Optional.of(NCCL), GPU, GPU).transport());
  }

  @Test
  void ofCpusItIsHostMemory() throws Exception {
    TransportChoice host = new TransportChoice(HOST, "rank 0 is on a CPU");
    assertEquals(host, agreed(Optional.empty(), CPU, CPU));
    assertEquals(host, planned(Optional.empty(), CPU, CPU));
    refuses(Refusal.Reason.DEVICE, "--exchange peer: rank 0 is on a CPU", PEER, CPU, CPU);
    refuses(
        Refusal.Reason.USAGE,
        "--exchange nccl is for several processes, each with a GPU (mpirun); use --exchange peer",
        NCCL,
        CPU,
        CPU);
    assertEquals(PEER, TransportChoice.assumed(Optional.of(PEER)).transport());
    assertEquals(HOST, TransportChoice.assumed(Optional.empty()).transport());
  }

  private static Optional<String> unconnected(RankDevices.RankDevice... rankDevices) {
    return TransportChoice.unconnected(new RankDevices(false, List.of(rankDevices)));
  }

  @Test
  void ncclWantsItsLibraryEverywhereAndAGpuForEachRank() {
    RankDevices.RankDevice first = new RankDevices.RankDevice(0, 7, true);
    RankDevices.RankDevice second = new RankDevices.RankDevice(0, 8, true);
    RankDevices.RankDevice without = new RankDevices.RankDevice(0, 9, false);
    RankDevices.RankDevice unknown = new RankDevices.RankDevice(0, 0, true);
    assertEquals(Optional.empty(), unconnected(first, second));
    assertEquals(Optional.empty(), unconnected(unknown, unknown));
    assertEquals(Optional.of("ranks 0 and 2 have the same GPU"), unconnected(first, second, first));
    assertEquals(
        Optional.of("rank 1 finds no NCCL (scripts/fetch-cuda --nccl)"),
        unconnected(first, without));
  }
}

// MeshMemoryTest: what ranks take of their devices is what was planned, and no more is needed.
package dev.gatun.load;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.device.Device;
import dev.gatun.device.DeviceChoice;
import dev.gatun.engine.Engine;
import dev.gatun.ranks.Group;
import dev.gatun.ranks.Link;
import dev.gatun.ranks.LocalRanks;
import dev.gatun.ranks.Ranks;
import dev.gatun.refusal.Refusal;
import dev.gatun.shard.Placement;
import dev.gatun.verify.Oracles;
import dev.gatun.weights.Checkpoint;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.IntToLongFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class MeshMemoryTest {
  private static final long ENOUGH = 1L << 30;
  private static final Oracles ORACLES =
      new Oracles(
          Path.of("src/test/resources/oracle"),
          Path.of("target/oracle", System.getProperty("gatun.fork", "fork-1")));

  /** Devices that the CPU stands for, of so many bytes each. */
  private static EngineOptions options(int ranks, Placement.Mode mode, IntToLongFunction limit) {
    DeviceChoice one = DeviceChoice.cpu().withThreads(1);
    List<DeviceChoice> all =
        IntStream.range(0, ranks).mapToObj(r -> one.simulated(limit.applyAsLong(r))).toList();
    return EngineOptions.defaults()
        .withDevice(all.getFirst())
        .withContext(EngineOptions.MODELS_OWN)
        .withMesh(new Mesh(all.subList(1, ranks), mode));
  }

  private static Checkpoint open(String oracle) throws IOException {
    return Checkpoint.open(ORACLES.folder(oracle).checkpoint());
  }

  /** Ranks that count the buffers of their groups with the first member of each. */
  private record Counting(Ranks own, AtomicLong bytes) implements Ranks {
    @Override
    public int rank() {
      return own.rank();
    }

    @Override
    public int size() {
      return own.size();
    }

    @Override
    public Group group(List<Integer> members, long exchanged) {
      if (members.getFirst() == rank()) {
        bytes.addAndGet(Group.MOST_OPEN * exchanged);
      }
      return own.group(members, exchanged);
    }

    @Override
    public boolean inOneProcess() {
      return own.inOneProcess();
    }

    @Override
    public Link link(List<Integer> members, Device device) {
      return own.link(members, device);
    }

    @Override
    public Refusal fail(Refusal.Reason kind, String reason) {
      return own.fail(kind, reason);
    }

    @Override
    public void close() {
      own.close();
    }
  }

  /**
   * What a rank takes.
   *
   * @param device bytes of its device
   * @param exchange bytes of buffers
   */
  private record Taken(long device, long exchange) {}

  /** By rank. */
  private static List<Taken> plannedOf(Checkpoint checkpoint, EngineOptions options) {
    long[] device = planned(checkpoint, options);
    try (MeshDevices devices = new MeshDevices(checkpoint, options, List.of())) {
      List<MeshPlan.Share> shares = devices.plan().shares();
      return IntStream.range(0, device.length)
          .mapToObj(rank -> new Taken(device[rank], shares.get(rank).need().exchange()))
          .toList();
    }
  }

  /** Bytes of each device, by rank. */
  private static long[] planned(Checkpoint checkpoint, EngineOptions options) {
    try (MeshDevices devices = new MeshDevices(checkpoint, options, List.of())) {
      MeshPlan plan = devices.plan();
      return plan.budgets(plan.types()).stream()
          .mapToLong(
              budget -> budget.capacity().bytes() - budget.left(plan.types(), plan.context()))
          .toArray();
    }
  }

  /** What all ranks have allocated once they are loaded. */
  private static List<Taken> taken(Checkpoint checkpoint, EngineOptions options) throws Exception {
    Placement placement = options.mesh().placement(checkpoint.config());
    List<Callable<Taken>> loads = new ArrayList<>();
    List<DeviceChoice> choices = new ArrayList<>(List.of(options.device()));
    choices.addAll(options.mesh().others());
    for (Ranks ranks : LocalRanks.of(choices.size())) {
      EngineOptions own = options.withDevice(choices.get(ranks.rank()));
      Counting counting = new Counting(ranks, new AtomicLong());
      loads.add(() -> taken(checkpoint, own, new Membership(counting, placement), counting));
    }
    try (ExecutorService threads = Executors.newFixedThreadPool(loads.size())) {
      List<Taken> all = new ArrayList<>();
      for (Future<Taken> each : threads.invokeAll(loads)) {
        all.add(each.get());
      }
      return all;
    }
  }

  private static Taken taken(
      Checkpoint checkpoint, EngineOptions options, Membership membership, Counting ranks) {
    try (Device device = Device.open(options.device());
        Arena arena = Arena.ofShared()) {
      Loaded loaded = Loaded.of(checkpoint, options, device, membership, arena, bytes -> {});
      loaded.stepper().close();
      return new Taken(ENOUGH - device.memory().free(), ranks.bytes.get());
    } catch (RuntimeException | Error e) {
      ranks.fail(Refusal.Reason.of(e), e.toString());
      throw e;
    } finally {
      ranks.close();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "deepseek-v3, LAYER, 2",
    "deepseek-v3, TENSOR, 4",
    "deepseek-v3, EXPERT, 3",
    "deepseek-v3, HYBRID, 3",
    "deepseek-v3, DATA, 3",
    "deepseek-v3-fp8, TENSOR, 2",
    "qwen3-moe, LAYER, 2",
    "qwen3-moe, TENSOR, 4",
    "qwen3-moe, EXPERT, 3",
    "qwen3-moe, HYBRID, 2",
    "qwen2, LAYER, 2",
    "qwen2, DATA, 2",
    "qwen2, TENSOR, 4"
  })
  void planIsWhatIsTaken(String oracle, Placement.Mode mode, int ranks) throws Exception {
    EngineOptions options = options(ranks, mode, rank -> ENOUGH);
    try (Checkpoint checkpoint = open(oracle)) {
      List<Taken> planned = plannedOf(checkpoint, options);
      assertEquals(planned, taken(checkpoint, options));
      assertTrue(planned.stream().allMatch(one -> one.device > 0));
      assertTrue(planned.getFirst().exchange > 0);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "deepseek-v3, HYBRID, 3",
    "qwen3-moe, TENSOR, 4",
    "qwen2, LAYER, 2",
    "qwen3-moe, DATA, 2"
  })
  void aRankThatLacksAByteEndsAllWithItsName(String oracle, Placement.Mode mode, int ranks)
      throws Exception {
    try (Checkpoint checkpoint = open(oracle)) {
      long[] planned = planned(checkpoint, options(ranks, mode, rank -> ENOUGH));
      Engine.load(checkpoint, options(ranks, mode, rank -> planned[rank])).close();
      for (int small = 0; small < ranks; small++) {
        int lacking = small;
        EngineOptions options =
            options(ranks, mode, rank -> planned[rank] - (rank == lacking ? 1 : 0));
        Refusal refusal =
            assertThrows(Refusal.class, () -> Engine.load(checkpoint, options).close());
        assertEquals(Refusal.Reason.DOES_NOT_FIT, refusal.reason(), refusal.getMessage());
        String rank = "rank " + small + " of " + ranks + " lacks 1 byte for";
        assertTrue(refusal.getMessage().startsWith(rank), refusal.getMessage());
        assertFalse(refusal.getMessage().contains("\n"));
        assertEquals(0, followers());
      }
    }
  }

  private static long followers() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().startsWith("gatun-rank-"))
        .count();
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3})
  void theContextThatFitsIsTheLeastOfAll(int ranks) throws IOException {
    try (Checkpoint checkpoint = open("qwen2")) {
      EngineOptions whole = options(ranks, Placement.Mode.TENSOR, rank -> ENOUGH);
      long[] planned = planned(checkpoint, whole);
      long page;
      try (MeshDevices devices = new MeshDevices(checkpoint, whole, List.of())) {
        page = devices.plan().shares().getLast().need().pageBytes(whole.cacheTypes());
      }
      int own = checkpoint.config().contextLength();
      IntToLongFunction limit = rank -> planned[rank] - (rank == ranks - 1 ? page : 0);
      EngineOptions options = options(ranks, Placement.Mode.TENSOR, limit);
      Refusal refusal = assertThrows(Refusal.class, () -> Engine.load(checkpoint, options).close());
      int fitting = own - Device.pageTokens();
      assertTrue(
          refusal.getMessage().contains("use -c " + fitting + " or less"), refusal::getMessage);
      Engine.load(checkpoint, options.withContext(fitting)).close();
    }
  }
}

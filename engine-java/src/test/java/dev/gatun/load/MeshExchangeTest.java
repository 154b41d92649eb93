// MeshExchangeTest: what the ranks of a step hand each other is what was planned.
package dev.gatun.load;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.device.Device;
import dev.gatun.device.DeviceChoice;
import dev.gatun.graph.Compute;
import dev.gatun.graph.Crossover;
import dev.gatun.graph.StepShape;
import dev.gatun.kv.PageTable;
import dev.gatun.op.Attention;
import dev.gatun.op.CollectExperts;
import dev.gatun.op.Op;
import dev.gatun.op.PublishExperts;
import dev.gatun.ranks.LocalRanks;
import dev.gatun.ranks.Ranks;
import dev.gatun.refusal.Refusal;
import dev.gatun.shard.Placement;
import dev.gatun.step.Batch;
import dev.gatun.step.StepGraph;
import dev.gatun.verify.Oracles;
import dev.gatun.weights.Checkpoint;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(60)
class MeshExchangeTest {
  private static final int TOKENS = 3;
  private static final Oracles ORACLES =
      new Oracles(
          Path.of("src/test/resources/oracle"),
          Path.of("target/oracle", System.getProperty("gatun.fork", "fork-1")));

  private static EngineOptions options(Placement.Mode mode, int ranks) {
    DeviceChoice one = DeviceChoice.cpu().withThreads(1);
    return EngineOptions.defaults()
        .withDevice(one)
        .withContext(EngineOptions.MODELS_OWN)
        .withMesh(new Mesh(Collections.nCopies(ranks - 1, one), mode));
  }

  @ParameterizedTest
  @CsvSource({
    "deepseek-v3, LAYER, 3",
    "deepseek-v3, TENSOR, 2",
    "deepseek-v3, TENSOR, 4",
    "deepseek-v3, EXPERT, 3",
    "deepseek-v3, HYBRID, 2",
    "deepseek-v3, HYBRID, 3",
    "qwen3-moe, TENSOR, 3",
    "qwen3-moe, HYBRID, 2",
    "qwen2, TENSOR, 2",
    "qwen2, LAYER, 2"
  })
  void tokensExchangeWhatIsPlanned(String oracle, Placement.Mode mode, int ranks) throws Exception {
    EngineOptions options = options(mode, ranks);
    try (Checkpoint checkpoint = Checkpoint.open(ORACLES.folder(oracle).checkpoint());
        MeshDevices devices = new MeshDevices(checkpoint, options, List.of())) {
      long planned = devices.plan().exchangedBytes();
      assertTrue(planned > 0);
      assertEquals(TOKENS * planned, exchanged(checkpoint, options));
    }
  }

  /** Exchanges of experts' rows during which an op of attention runs. */
  private static long hidden(Blueprint blueprint, int tokens) {
    StepShape shape = new StepShape(tokens, 1, false, false, false);
    List<Op> ops =
        StepGraph.of(blueprint.model(), shape, Compute.F32, Crossover.never()).graph().ops();
    return ops.stream()
        .filter(PublishExperts.class::isInstance)
        .filter(
            op ->
                ops.stream()
                    .skip(ops.indexOf(op))
                    .takeWhile(next -> !isEndOf((PublishExperts) op, next))
                    .anyMatch(Attention.class::isInstance))
        .count();
  }

  private static boolean isEndOf(PublishExperts begin, Op op) {
    return op instanceof CollectExperts end && end.id() == begin.id();
  }

  @Test
  void attentionRunsWhileAnotherRankComputesExperts() throws IOException {
    EngineOptions options = options(Placement.Mode.HYBRID, 2);
    try (Checkpoint checkpoint = Checkpoint.open(ORACLES.folder("qwen3-moe").checkpoint());
        Device device = Device.open(options.device());
        Arena arena = Arena.ofConfined()) {
      Placement placement = options.mesh().placement(checkpoint.config());
      Membership first = new Membership(LocalRanks.of(2).getFirst(), placement);
      Blueprint blueprint = Blueprint.of(checkpoint, options, device, first, arena);
      assertEquals(0, hidden(blueprint, StepShape.LEAST_HALVED - 1));
      // Of two layers the first goes in halves: the second half's attention hides the first's way.
      assertEquals(1, hidden(blueprint, StepShape.LEAST_HALVED));
    }
  }

  /** Of all ranks, in steps of a token each. */
  private static long exchanged(Checkpoint checkpoint, EngineOptions options) throws Exception {
    Placement placement = options.mesh().placement(checkpoint.config());
    List<Callable<Long>> runs = new ArrayList<>();
    for (Ranks ranks : LocalRanks.of(placement.ranks())) {
      runs.add(() -> exchanged(checkpoint, options, new Membership(ranks, placement)));
    }
    long bytes = 0;
    try (ExecutorService threads = Executors.newFixedThreadPool(runs.size())) {
      for (Future<Long> run : threads.invokeAll(runs)) {
        bytes += run.get();
      }
    }
    return bytes;
  }

  private static long exchanged(
      Checkpoint checkpoint, EngineOptions options, Membership membership) {
    try (Device device = Device.open(options.device());
        Arena arena = Arena.ofShared();
        Ranks ranks = membership.ranks()) {
      Loaded loaded = Loaded.of(checkpoint, options, device, membership, arena, bytes -> {});
      try (var stepper = loaded.stepper()) {
        if (ranks.rank() > 0) {
          stepper.follow();
        } else {
          try (PageTable pages = new PageTable(loaded.pools().getFirst())) {
            pages.grow(TOKENS);
            for (int token = 0; token < TOKENS; token++) {
              int[] ids = {token};
              stepper
                  .issue(
                      new Batch(List.of(new Batch.Part(ids, token, pages, 1, Optional.empty()))),
                      true)
                  .await();
            }
          }
          loaded.relay().orElseThrow().end();
        }
      }
      return loaded.inSteps().bytes();
    } catch (RuntimeException | Error e) {
      membership.ranks().fail(Refusal.Reason.of(e), e.toString());
      throw e;
    }
  }
}

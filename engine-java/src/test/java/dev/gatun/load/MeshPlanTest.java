// MeshPlanTest: models over cards, against figures worked out by hand.
package dev.gatun.load;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.device.DeviceChoice;
import dev.gatun.kv.CacheTypes;
import dev.gatun.shard.Placement;
import dev.gatun.weights.Checkpoint;
import dev.gatun.weights.WeightClass;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MeshPlanTest {
  private static final double GIB = 1L << 30;
  private static final double ONE_PERCENT = 0.01;
  private static final CacheTypes F16 = CacheTypes.parse("f16");

  /** Of DeepSeek-R1, 58 layers of 256 rows of 7168. */
  private static final long ROUTERS = 58L * 256 * 7168;

  /** Of each of 61 layers 1536 rows for queries, 576 for the cache. */
  private static final long LOW_RANK = 61L * (1536 + 576) * 7168;

  private static MeshPlan plan(String model, Placement.Mode mode, List<Capacity> cards) {
    return plan(model, mode, cards, Batching.alone());
  }

  private static MeshPlan plan(
      String model, Placement.Mode mode, List<Capacity> cards, Batching batching) {
    DeviceChoice cpu = DeviceChoice.cpu().withThreads(1);
    Mesh mesh = new Mesh(Collections.nCopies(cards.size() - 1, cpu), mode);
    EngineOptions options =
        EngineOptions.defaults().withDevice(cpu).withMesh(mesh).withBatching(batching);
    try (Checkpoint checkpoint = Checkpoint.synthetic(model);
        MeshDevices devices = new MeshDevices(checkpoint, options, cards)) {
      return devices.plan();
    }
  }

  private static List<Capacity> cards(int count, String size) {
    return Collections.nCopies(count, Capacity.card(size));
  }

  private static List<Capacity> and(List<Capacity> cards, String host) {
    List<Capacity> all = new ArrayList<>(cards);
    all.add(Capacity.host(Capacity.bytes(host)));
    return all;
  }

  private static double weights(MeshPlan plan, int rank) {
    return plan.shares().get(rank).need().weightBytes() / GIB;
  }

  private static double experts(MeshPlan plan, int rank) {
    return plan.shares().get(rank).need().weights().get(WeightClass.EXPERTS) / GIB;
  }

  // GiB a card of the experts alone, and with all the rest, as if the embedding were among it,
  // which is in host memory, once for all.
  @ParameterizedTest
  @CsvSource({
    "fp8, 8, 76.1, 93.9",
    "fp8, 32, 19.0, 36.8",
    "awq_fp8, 8, 39.6, 57.3",
    "awq_fp8, 16, 19.8, 37.6"
  })
  void expertsOfR1AreSpreadAndTheRestIsOnEachCard(
      String type, int cards, double experts, double all) {
    MeshPlan plan = plan("deepseek-r1:type=" + type, Placement.Mode.EXPERT, cards(cards, "141G"));
    double embedding = plan.shares().getFirst().need().embedding() / GIB;
    for (int rank = 0; rank < cards; rank++) {
      near(experts, experts(plan, rank) - Short.BYTES * ROUTERS / GIB);
      assertEquals(rank == 0, plan.shares().get(rank).need().embedding() > 0);
      // The output projection, in BF16, is divided among all cards.
      double head = Short.BYTES * 129_280L * 7168 / GIB * (cards - 1) / cards;
      near(all, weights(plan, rank) + embedding + head);
    }
  }

  // GiB a card where a card has its part of everything. On each are the routers and low ranks.
  @ParameterizedTest
  @CsvSource({"fp8, 8, 78.4, 2, 1", "awq_fp8, 8, 41.8, 2, 1"})
  void allOfR1IsSpread(String type, int cards, double all, int routerBytes, int lowRankBytes) {
    MeshPlan plan = plan("deepseek-r1:type=" + type, Placement.Mode.TENSOR, cards(cards, "141G"));
    double onEach = (routerBytes * ROUTERS + lowRankBytes * LOW_RANK) / GIB;
    double embedding = plan.shares().getFirst().need().embedding() / GIB;
    for (int rank = 0; rank < cards; rank++) {
      near(all, weights(plan, rank) - onEach * (cards - 1) / cards + embedding / cards);
    }
  }

  @Test
  void eightH200HoldR1AndItsWholeContext() {
    MeshPlan plan = plan("deepseek-r1:type=fp8", Placement.Mode.TENSOR, cards(8, "141G"));
    assertTrue(plan.fits());
    assertEquals(163_840, plan.context());
    // 61 layers of 576 numbers of 16 bits, on every card.
    assertEquals(32 * 70_272L, plan.shares().getFirst().need().pageBytes(F16));
    near(78.4, weights(plan, 0));
    // What a token reads is an eighth of 36.6 billion weights, and what is on each card.
    assertTrue(plan.readInTurn() > 36.6e9 / 8 && plan.readInTurn() < 36.6e9 / 6);
    // 58 times rows of 8 experts, 7168 float32 each.
    assertTrue(plan.exchangedBytes() > 58L * 8 * 7168 * 4);
    assertTrue(plan.exchanges() > 58);
  }

  @Test
  void eightCardsOf80GBDoNotHoldR1() {
    MeshPlan plan = plan("deepseek-r1:type=fp8", Placement.Mode.TENSOR, cards(8, "80G"));
    assertFalse(plan.fits());
    assertEquals(0, plan.largestContext(F16));
  }

  @ParameterizedTest
  @CsvSource({"16, true", "12, false"})
  void cardsOf24GBHoldR1InFourBits(int cards, boolean fits) {
    MeshPlan plan = plan("deepseek-r1:type=awq_fp8", Placement.Mode.TENSOR, cards(cards, "24G"));
    assertEquals(fits, plan.fits());
  }

  @ParameterizedTest
  @CsvSource({"512G, true", "320G, false"})
  void oneCardOf24GBHoldsR1WithExpertsOnTheHost(String host, boolean fits) {
    MeshPlan plan = plan("deepseek-r1:type=awq", Placement.Mode.HYBRID, and(cards(1, "24G"), host));
    assertEquals(fits, plan.fits());
    assertEquals(fits ? 163_840 : 4096, plan.context());
    near(316.4, experts(plan, 1));
  }

  // (12,276 MiB - 1 GiB - half of 18.08 GiB) / half of the 262,144 bytes of a token.
  @Test
  void twoCardsOf12GBHoldQwq() {
    MeshPlan plan = plan("qwq-32b:type=q4_k_m", Placement.Mode.TENSOR, cards(2, "12G"));
    assertTrue(plan.fits());
    near(9.04, weights(plan, 0));
    near((12_276 / 1024.0 - 1 - 9.04) * GIB / 131_072, plan.context());
    assertEquals(plan.context(), plan.largestContext(F16));
  }

  @Test
  void ranksOfOneMachineShareItsMemory() {
    long gib = 1L << 30;
    List<Capacity> host = Collections.nCopies(4, Capacity.host(24 * gib));
    MeshPlan plan = plan("qwq-32b:type=q4_k_m", Placement.Mode.TENSOR, host);
    assertTrue(plan.fits());
    assertEquals(24 * gib, taken(plan, plan.context()), 4L * plan.shares().size() * (1 << 20));
    assertTrue(taken(plan, plan.context()) <= 24 * gib);
    int more = plan.context() + 32;
    assertTrue(taken(plan, more) > 24 * gib);
    assertTrue(plan.budgets(F16).stream().noneMatch(budget -> budget.fits(F16, more)));
  }

  /** Of the machine, a margin of 256 MiB left alone. */
  private static long taken(MeshPlan plan, int context) {
    return plan.checkpoint().heldBytes()
        + (256 << 20)
        + plan.shares().stream()
            .map(MeshPlan.Share::need)
            .mapToLong(
                need ->
                    need.weightBytes()
                        + need.embedding()
                        + need.activations()
                        + need.exchange()
                        + need.pageBytes(F16) * Math.ceilDiv(context, 32))
            .sum();
  }

  @Test
  void ranksOfOneMachineAreRefusedTogether() {
    long gib = 1L << 30;
    List<Capacity> host = Collections.nCopies(2, Capacity.host(12 * gib));
    MeshPlan plan = plan("qwq-32b:type=q4_k_m", Placement.Mode.TENSOR, host);
    assertFalse(plan.fits());
    assertTrue(plan.budgets(F16).stream().noneMatch(budget -> budget.fits(F16, plan.context())));
    assertTrue(plan.shares().stream().allMatch(share -> share.need().weightBytes() < 11 * gib));
  }

  @Test
  void whatCardsTakeOfTheHostIsGoneForItsRanks() {
    List<Capacity> both = and(cards(1, "24G"), "512GiB");
    MeshPlan plan = plan("qwen3-30b-a3b", Placement.Mode.HYBRID, both);
    MemoryBudget host = plan.budgets(F16).get(1);
    Footprint card = plan.shares().getFirst().need();
    assertTrue(card.embedding() > 0 && card.exchange() > 0);
    long gone = plan.checkpoint().heldBytes() + card.embedding() + card.exchange();
    assertEquals((512L << 30) - gone, host.capacity().bytes());
  }

  /** By weights as by expert; the cache of each is of its own sequences, a part of all. */
  @Test
  void eachH200HoldsTheContextOfItsOwnSequences() {
    Batching batching = Batching.alone().withSequences(20);
    List<Capacity> cards = cards(8, "141G");
    MeshPlan own = plan("deepseek-r1:type=fp8", Placement.Mode.DATA, cards, batching);
    MeshPlan all = plan("deepseek-r1:type=fp8", Placement.Mode.EXPERT, cards, batching);
    assertEquals(3 * 163_840, own.context());
    assertTrue(own.fits());
    assertTrue(all.context() < 20 * 163_840, "what fits of all on each");
    for (int rank = 0; rank < 8; rank++) {
      near(weights(all, rank), weights(own, rank));
    }
    // A row to seven others and seven eighths of its experts' rows back, not all of these to seven.
    long row = 58 * 7 * 4 * 7168L;
    long logits = 4 * 129_280L * 7 / 8;
    near(2 * row + logits, own.exchangedBytes());
    near(8 * row + logits, all.exchangedBytes());
  }

  private static void near(double expected, double found) {
    assertEquals(expected, found, ONE_PERCENT * expected);
  }
}

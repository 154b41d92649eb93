// MemoryBudgetTest: QwQ-32B on a card of 24 GB, against figures worked out by hand.
package dev.gatun.load;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.device.GpuProcess;
import dev.gatun.kv.CacheTypes;
import dev.gatun.refusal.Refusal;
import dev.gatun.weights.Checkpoint;
import dev.gatun.weights.WeightClass;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MemoryBudgetTest {
  private static final CacheTypes F16 = CacheTypes.parse("f16");
  private static final CacheTypes Q8 = CacheTypes.parse("q8_0");
  private static final CacheTypes Q4 = CacheTypes.parse("q4_0");
  private static final double ONE_PERCENT = 0.01;

  // (24,564 MiB - 1 GiB - weights) / bytes of a token, which are 262,144, 139,264 and 73,728.
  @ParameterizedTest
  @CsvSource({
    "awq, true, 19.33, 20426, 38449, 72627",
    "awq, false, 17.77, 26366, 49630, 93747",
    "iq4_xs_imatrix, false, 17.27, 28266, 53207, 100503",
    "q4_0, false, 18.19, 24755, 46597, 88018",
    "q4_k_m, true, 19.85, 18455, 34740, 65621",
    "q4_k_m, false, 19.41, 20126, 37885, 71561"
  })
  void filesOfQwqHoldTheseContexts(
      String type, boolean embeddingOnCard, double gigabytes, int f16, int q8, int q4) {
    try (Checkpoint checkpoint = Checkpoint.synthetic("qwq-32b:type=" + type)) {
      MemoryBudget budget = plan(checkpoint, EngineOptions.defaults()).budget();
      if (embeddingOnCard) {
        budget = withWeights(budget, budget.need().weightBytes() + budget.need().embedding());
      }
      near(gigabytes, budget.need().weightBytes() / 1e9);
      contexts(budget, f16, q8, q4);
    }
  }

  // The same card with weights of a given size that no file has.
  @ParameterizedTest
  @CsvSource({
    "16.43, 31475, 59248, 111914",
    "17.04, 29150, 54872, 103647",
    "17.22, 28475, 53600, 101244",
    "14.29, 39635, 74607, 140924",
    "12.34, 47075, 88612, 167378"
  })
  void weightsOfThatSizeHoldTheseContexts(double gigabytes, int f16, int q8, int q4) {
    try (Checkpoint checkpoint = Checkpoint.synthetic("qwq-32b")) {
      MemoryBudget budget = plan(checkpoint, EngineOptions.defaults()).budget();
      contexts(withWeights(budget, (long) (gigabytes * 1e9)), f16, q8, q4);
    }
  }

  private static MemoryBudget withWeights(MemoryBudget budget, long bytes) {
    Footprint need = budget.need();
    return new MemoryBudget(
        new Footprint(
            need.config(),
            need.caches(),
            need.cacheHeads(),
            Map.of(WeightClass.FEED_FORWARD, bytes),
            0,
            0,
            0,
            0,
            0,
            need.activations(),
            need.stepTokens(),
            need.workspace(),
            need.gemm()),
        budget.capacity());
  }

  private static void contexts(MemoryBudget budget, int f16, int q8, int q4) {
    near(f16, budget.largestContext(F16));
    near(q8, budget.largestContext(Q8));
    near(q4, budget.largestContext(Q4));
  }

  private static void near(double expected, double found) {
    assertEquals(expected, found, ONE_PERCENT * expected);
  }

  @Test
  void theOfficialAwqFileHoldsItsWholeContextInAnEightBitCache() {
    try (Checkpoint checkpoint = Checkpoint.synthetic("qwq-32b:type=awq")) {
      MemoryBudget budget = plan(checkpoint, EngineOptions.defaults()).budget();
      assertTrue(budget.fits(Q8, 40_960));
      assertFalse(budget.fits(F16, 40_960));
    }
  }

  // 9 GiB of 4-bit cache leave 14 GiB for weights: 3.44 bits each, and none of 4 bits.
  @ParameterizedTest
  @CsvSource({
    "awq, false",
    "q4_0, false",
    "iq4_xs_imatrix, false",
    "q3_k_m, false",
    "q3_k_s, true"
  })
  void whatHolds131072TokensInAFourBitCache(String type, boolean fits) {
    try (Checkpoint checkpoint = Checkpoint.synthetic("qwq-32b:type=" + type)) {
      assertEquals(fits, plan(checkpoint, EngineOptions.defaults()).budget().fits(Q4, 131_072));
    }
  }

  // 67,584 bytes a token in 4 bits with a scale a head, 51,200 in 3.
  @ParameterizedTest
  @CsvSource({
    "turbo4, 67584, 0.52, 2.06, 2.58, 8.25",
    "turbo3, 51200, 0.39, 1.56, 1.95, 6.25",
    "q4_0, 73728, 0.56, 2.25, 2.81, 9.0",
    "q8_0, 139264, 1.06, 4.25, 5.31, 17.0"
  })
  void cachesOfQwqTakeThis(
      String types, long tokenBytes, double at8k, double at32k, double at40k, double at128k) {
    try (Checkpoint checkpoint = Checkpoint.synthetic("qwq-32b")) {
      MemoryBudget budget = plan(checkpoint, EngineOptions.defaults()).budget();
      CacheTypes cache = CacheTypes.parse(types);
      assertEquals(32 * tokenBytes, budget.need().pageBytes(cache));
      near(at8k, budget.cacheBytes(cache, 8_192) / (double) (1 << 30));
      near(at32k, budget.cacheBytes(cache, 32_768) / (double) (1 << 30));
      near(at40k, budget.cacheBytes(cache, 40_960) / (double) (1 << 30));
      near(at128k, budget.cacheBytes(cache, 131_072) / (double) (1 << 30));
    }
  }

  // Of what fits a card of 24 GB, the best cache of each kind of weights.
  @ParameterizedTest
  @CsvSource({
    "awq, turbo3, 0.19",
    "iq4_xs, turbo3, 0.49",
    "iq4_xs_imatrix, turbo3, 0.65",
    "q3_k_m, turbo4, 0.22",
    "q4_0, , 0",
    "q4_k_m, , 0"
  })
  void whatHolds131072Tokens(String type, String types, double left) {
    try (Checkpoint checkpoint = Checkpoint.synthetic("qwq-32b:type=" + type)) {
      MemoryBudget budget = plan(checkpoint, EngineOptions.defaults()).budget();
      Optional<CacheTypes> best =
          budget.need().cacheTypes().stream()
              .filter(cache -> budget.fits(cache, 131_072))
              .findFirst();
      assertEquals(Optional.ofNullable(types).map(CacheTypes::parse), best);
      best.ifPresent(
          cache -> assertEquals(left, budget.left(cache, 131_072) / (double) (1 << 30), 0.01));
    }
  }

  @Test
  void aSmallerReserveThanWhatIsUsedIsNotBelieved() {
    try (Checkpoint checkpoint = Checkpoint.synthetic("qwq-32b")) {
      MemoryBudget budget = plan(checkpoint, EngineOptions.defaults()).budget();
      assertEquals(1L << 30, budget.reserve());
      MemoryBudget wide = plan(checkpoint, EngineOptions.defaults().withBatch(4096, 4096)).budget();
      assertTrue(wide.reserve() > 1L << 30);
      assertEquals(32 << 20, wide.margin());
    }
  }

  @Test
  void theLargestContextFitsAndNotAPageMore() {
    try (Checkpoint checkpoint = Checkpoint.synthetic("qwq-32b")) {
      EngineOptions options = EngineOptions.defaults().withContext(EngineOptions.WHAT_FITS);
      LoadPlan plan = plan(checkpoint, options);
      assertTrue(plan.fits());
      assertEquals(plan.budget().largestContext(F16), plan.context());
      assertFalse(plan.budget().fits(F16, plan.context() + 1));
    }
    try (Checkpoint small = Checkpoint.synthetic("qwen2.5-0.5b")) {
      EngineOptions options = EngineOptions.defaults().withContext(EngineOptions.WHAT_FITS);
      assertEquals(32_768, plan(small, options).context());
    }
  }

  @Test
  void whatDoesNotFitIsRefusedWithTheTable() {
    try (Checkpoint checkpoint = Checkpoint.synthetic("qwq-32b")) {
      LoadPlan plan = plan(checkpoint, EngineOptions.defaults().withContext(40_960));
      Refusal refusal = assertThrows(Refusal.class, plan::requireFits);
      assertEquals(Refusal.Reason.DOES_NOT_FIT, refusal.reason());
      assertTrue(
          refusal.getMessage().endsWith("use -c 20096 or less, or --device cpu"),
          refusal.getMessage());
      assertEquals(new PlanText(plan).toString(), refusal.table());
    }
  }

  @Test
  void alternativesKeepTheContextWhereTheyCan() {
    try (Checkpoint checkpoint = Checkpoint.synthetic("qwq-32b")) {
      LoadPlan plan = plan(checkpoint, EngineOptions.defaults().withContext(40_960));
      var ranked = new Alternatives(plan).ranked();
      assertEquals("--kv q8_0,q4_0", ranked.get(0).options());
      assertEquals("-c 20096", ranked.get(1).options());
      assertEquals("--synthetic qwq-32b:type=q2_k", ranked.get(2).options());
      assertEquals("--synthetic qwq-32b:type=q4_k_s --kv q8_0", ranked.get(3).options());
      assertEquals(4, ranked.size());
      assertTrue(ranked.stream().allMatch(each -> each.left() >= 0));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "24G, 25757220864",
    "24g, 25757220864",
    "24564M, 25757220864",
    "24564MiB, 25757220864",
    "24GiB, 25769803776",
    "24GB, 24000000000",
    "1.5 GiB, 1610612736",
    "500MB, 500000000"
  })
  void sizesOfCards(String text, long bytes) {
    assertEquals(bytes, Capacity.card(text).bytes());
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "24", "G", "-24G", "24T", "24 G B", "1e3G", "0GiB", "0.001G"})
  void whatIsNoSizeIsRefused(String text) {
    Refusal refusal = assertThrows(Refusal.class, () -> Capacity.card(text));
    assertEquals(Refusal.Reason.USAGE, refusal.reason());
  }

  @Test
  void whoFillsTheCardIsNamed() {
    long gib = 1L << 30;
    List<GpuProcess> others =
        List.of(
            new GpuProcess(4711, Optional.of("python"), OptionalLong.of(9 * gib)),
            new GpuProcess(88, Optional.of("Xorg"), OptionalLong.of(gib / 4)));
    Capacity filled = Capacity.gpu("cuda:0 (a card)", 24 * gib, 10 * gib, others);
    try (Checkpoint checkpoint = Checkpoint.synthetic("qwq-32b:type=q4_k_m")) {
      LoadPlan plan = LoadPlan.of(checkpoint, EngineOptions.defaults(), Optional.of(filled));
      Refusal refusal = assertThrows(Refusal.class, plan::requireFits);
      assertEquals(Refusal.Reason.DOES_NOT_FIT, refusal.reason());
      String text = refusal.getMessage();
      String named =
          "(cuda:0 (a card)), PID 4711 python holds 9.00 GiB, PID 88 Xorg holds 0.25 GiB; use";
      assertTrue(text.contains(named), text);
      assertTrue(text.endsWith(", or end what else runs on that GPU, or --device cpu"), text);
      String table = refusal.table();
      assertTrue(table.matches("(?s).*PID 4711 python +9[.]00\n.*PID 88 Xorg +0[.]25\n.*"), table);
      assertTrue(table.matches("(?s).*driver and CUDA context +0[.]75\n.*"), table);
    }
  }

  // A GPU has it beside its memory; here it is 152,064 rows of 5120 weights of 4.5 bits.
  @Test
  void onTheHostTheEmbeddingIsAmongWhatIsCounted() {
    long gib = 1L << 30;
    Capacity host = Capacity.host(64 * gib);
    try (Checkpoint checkpoint = Checkpoint.synthetic("qwq-32b:type=q4_k_m")) {
      LoadPlan card = plan(checkpoint, EngineOptions.defaults());
      Footprint need = card.budget().need();
      assertEquals(0, card.budget().embedding());
      MemoryBudget budget = new MemoryBudget(need, host);
      assertEquals(152_064L * 5120 / 256 * 144, budget.embedding());
      long everything = need.weightBytes() + need.held() + budget.embedding() + budget.reserve();
      assertEquals(host.bytes() - everything, budget.leftForCache());
      String text =
          new PlanText(new LoadPlan(checkpoint, budget, F16, 4096, Long.MAX_VALUE, 0)).toString();
      assertTrue(text.matches("(?s).*\n +embedding +0[.]41\n.*"), text);
      assertFalse(text.contains("on the host"), text);
    }
  }

  private static LoadPlan plan(Checkpoint checkpoint, EngineOptions options) {
    return LoadPlan.of(checkpoint, options, Optional.of(Capacity.card("24G")));
  }
}

// CacheRamTest: host memory for pages of the cache, planned beside all else.
package dev.gatun.load;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.GatunOptions;
import dev.gatun.kv.CacheTypes;
import dev.gatun.refusal.Refusal;
import dev.gatun.weights.Checkpoint;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class CacheRamTest {
  private static final CacheTypes F16 = CacheTypes.parse("f16");

  private static LoadPlan plan(Checkpoint checkpoint, EngineOptions options) {
    return LoadPlan.of(checkpoint, options, Optional.of(Capacity.card("24G")));
  }

  @Test
  void lessThanNoneIsRefused() {
    Refusal refusal = assertThrows(Refusal.class, () -> GatunOptions.defaults().withCacheRam(-1));
    assertEquals(Refusal.Reason.USAGE, refusal.reason());
  }

  @Test
  void pagesThatNobodyWouldFindAreNotKept() {
    EngineOptions alone =
        EngineOptions.defaults().withBatching(Batching.alone().withSharedPrefixes(false));
    Refusal refusal = assertThrows(Refusal.class, () -> alone.withCacheRam(1));
    assertEquals(Refusal.Reason.USAGE, refusal.reason());
  }

  /** What is asked for beside a GPU is held against the machine's own memory. */
  @Test
  void hostMemoryBesideACardIsOfTheMachine() {
    try (Checkpoint checkpoint = Checkpoint.synthetic("qwq-32b:type=awq")) {
      Footprint need = plan(checkpoint, EngineOptions.defaults()).budget().need();
      EngineOptions asked = EngineOptions.defaults().withContext(4096).withCacheRam(1L << 50);
      Footprint more = plan(checkpoint, asked).budget().need();
      assertEquals(need.pageBytes(F16), more.pageBytes(F16));
      LoadPlan plan = LoadPlan.of(checkpoint, asked, more, Capacity.card("24G"));
      assertFalse(plan.fits());
      String line = assertThrows(Refusal.class, plan::requireFits).getMessage();
      assertTrue(line.startsWith("--cache-ram of 1048576.00 GiB beside 1.45 GiB"), line);
      assertTrue(line.contains("use --cache-ram "), line);
      LoadPlan none = LoadPlan.of(checkpoint, asked.withCacheRam(0), need, Capacity.card("24G"));
      assertEquals(0, none.cacheRam());
      assertTrue(none.fits());
    }
  }

  /** By default it is what the load leaves, and no reason to refuse one. */
  @Test
  void hostMemoryIsWhatIsLeftByDefault() {
    try (Checkpoint checkpoint = Checkpoint.synthetic("qwq-32b:type=awq")) {
      EngineOptions options = EngineOptions.defaults().withContext(4096);
      Footprint need = plan(checkpoint, options).budget().need();
      MemoryBudget budget = new MemoryBudget(need, Capacity.host(1L << 40));
      long exact = (1L << 40) - budget.left(F16, 4096);
      for (long left : new long[] {0, 12_345_678, 20L << 30}) {
        LoadPlan plan = LoadPlan.of(checkpoint, options, need, Capacity.host(exact + left));
        assertTrue(plan.fits());
        assertEquals(Math.min(left, 8L << 30), plan.cacheRam());
      }
    }
  }
}

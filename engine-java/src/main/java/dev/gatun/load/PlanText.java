// PlanText: a plan as a table for people, at most 72 columns wide.
package dev.gatun.load;

import dev.gatun.device.GpuProcess;
import dev.gatun.kv.CacheTypes;
import dev.gatun.load.Alternatives.Alternative;
import dev.gatun.weights.ModelConfig;
import dev.gatun.weights.QuantMix;
import dev.gatun.weights.RopeOverride;
import dev.gatun.weights.WeightClass;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What is taken, what fits, and where it does not, what would. */
public final class PlanText {
  /** What makers and quantisers publish most. */
  private static final List<QuantMix> PUBLISHED =
      List.of(
          QuantMix.Q8_0,
          QuantMix.Q6_K,
          QuantMix.Q5_K_M,
          QuantMix.Q4_K_M,
          QuantMix.AWQ,
          QuantMix.Q4_0,
          QuantMix.IQ4_XS,
          QuantMix.Q3_K_M,
          QuantMix.Q3_K_S,
          QuantMix.Q2_K);

  private static final List<CacheTypes> SHOWN =
      Stream.of("f16", "q8_0", "q4_0", "turbo4", "turbo3").map(CacheTypes::parse).toList();

  private final LoadPlan plan;
  private final MemoryBudget budget;
  private final StringBuilder text = new StringBuilder();

  public PlanText(LoadPlan plan) {
    this.plan = plan;
    this.budget = plan.budget();
    taken();
    onTheHost();
    contexts();
    if (!plan.fits()) {
      alternatives();
      otherWeights();
    }
  }

  @Override
  public String toString() {
    return text.toString();
  }

  private void taken() {
    Footprint need = budget.need();
    row("weights", "", "GiB");
    for (WeightClass each : WeightClass.values()) {
      long bytes = need.weights().getOrDefault(each, 0L);
      if (bytes > 0) {
        row("", each.toString(), Gib.number(bytes));
      }
    }
    if (budget.embedding() > 0) {
      row("", WeightClass.EMBEDDING.toString(), Gib.number(budget.embedding()));
    }
    long cache = budget.cacheBytes(plan.types(), plan.context());
    row("cache", plan.context() + " tokens, " + plan.types(), Gib.number(cache));
    row(
        "reserve",
        "activations of " + need.stepTokens() + " tokens",
        Gib.number(need.activations()));
    if (budget.capacity().isGpu()) {
      row("", "workspace of the kernels", Gib.number(need.workspace()));
      if (need.gemm() > 0) {
        row("", "cuBLAS, unpacked weights", Gib.number(need.gemm()));
      }
      outside();
    }
    if (budget.cacheRam() > 0) {
      row("", "host memory for pages of it", Gib.number(budget.cacheRam()));
    }
    if (budget.held() > 0) {
      row("", "random numbers", Gib.number(budget.held()));
    }
    row("", "margin", Gib.number(budget.margin()));
    long left = budget.left(plan.types(), plan.context());
    row("total", "", Gib.number(budget.capacity().bytes() - left));
    row(budget.capacity().name(), "", Gib.number(budget.capacity().bytes()));
    row(left < 0 ? "short by" : "left", "", Gib.number(Math.abs(left)));
  }

  /** What other processes are known to hold, and the rest of what is gone before a load. */
  private void outside() {
    long rest = budget.capacity().taken();
    for (GpuProcess other : budget.capacity().others()) {
      long bytes = other.bytes().orElse(0);
      if (bytes > 0 && bytes <= rest) {
        row("", other.title(), Gib.number(bytes));
        rest -= bytes;
      }
    }
    row("", "driver and CUDA context", Gib.number(rest));
  }

  private void onTheHost() {
    List<String> lines = new ArrayList<>();
    if (budget.capacity().isGpu()) {
      lines.add("on the host, pinned: the embedding, " + Gib.of(budget.need().embedding()));
    }
    if (plan.cacheRam() > 0 && budget.cacheRam() == 0) {
      lines.add(
          "host memory for pages of the cache (--cache-ram): up to " + Gib.of(plan.cacheRam()));
    }
    if (!lines.isEmpty()) {
      line("");
    }
    lines.forEach(this::line);
  }

  private void contexts() {
    ModelConfig config = plan.checkpoint().config();
    line("");
    line(format("%-16s%10s%6s%17s%12s", "cache", "KiB/token", "bits", "largest context", "loss"));
    for (CacheTypes types : budget.need().cacheTypes()) {
      double kib = budget.cacheBytes(types, 1 << 10) / (double) (1 << 20);
      String mark = types.equals(plan.types()) ? " *" : "";
      line(
          format(
              "%-16s%10.1f%6.1f%17d%12s%s",
              types,
              kib,
              bits(types),
              budget.largestContext(types),
              CacheLoss.of(types).number(),
              mark));
    }
    line("loss: KL divergence in nats a token, measured on the demo model");
    line("RoPE scaling: " + RopeOverride.described(config));
    String further =
        RopeOverride.longest(config)
            .map(tokens -> "; " + tokens + " with --rope-scaling yarn")
            .orElse("");
    line("the model reaches " + config.contextLength() + " tokens" + further);
  }

  private double bits(CacheTypes types) {
    ModelConfig config = plan.checkpoint().config();
    return types.bits(config.headDim(), config.latent() > 0);
  }

  private void alternatives() {
    List<Alternative> ranked = new Alternatives(plan).ranked();
    line("");
    line(ranked.isEmpty() ? "nothing of this model fits" : "what fits, least change first:");
    for (Alternative each : ranked) {
      long read = each.weights() + budget.cacheBytes(each.types(), each.context());
      line("  " + each.options());
      line(
          format(
              "      %d tokens, %s left; a token reads up to %s",
              each.context(), Gib.of(each.left()), Gib.of(read)));
      line(
          format(
              "      cache of %.1f bits, loses %s",
              bits(each.types()), CacheLoss.of(each.types()).words()));
    }
    if (budget.capacity().isGpu()) {
      moreMemory();
    }
  }

  private void moreMemory() {
    long bytes = budget.capacity().bytes();
    long missing = -budget.left(plan.types(), plan.context());
    long second = bytes - budget.reserve() - missing;
    long tokens = (1L << 29) / (budget.cacheBytes(plan.types(), 1 << 10) >> 10);
    line("as asked for, this needs a card of " + Gib.of(bytes + missing) + ";");
    line(
        second < 0
            ? "  two such cards would not hold it either"
            : "  two such cards would hold it with " + Gib.of(second) + " left");
    line("  each 0.50 GiB more, or less in reserve, is " + tokens + " tokens of " + plan.types());
  }

  private void otherWeights() {
    ModelConfig config = plan.checkpoint().config();
    List<CacheTypes> columns = budget.need().cacheTypes().stream().filter(SHOWN::contains).toList();
    line("");
    line("largest context by weights (bits of each, on average) and cache:");
    line(format("%-10s%6s%8s", "weights", "bits", "GiB") + cells(columns, CacheTypes::toString));
    for (QuantMix mix : PUBLISHED) {
      MemoryBudget other = budget.withWeights(mix);
      line(
          format("%-10s%6.2f%8s", mix, mix.bits(config), Gib.number(other.need().weightBytes()))
              + cells(columns, types -> String.valueOf(other.largestContext(types))));
    }
  }

  private static String cells(List<CacheTypes> columns, Function<CacheTypes, String> cell) {
    return columns.stream()
        .map(types -> format("%9s", cell.apply(types)))
        .collect(Collectors.joining());
  }

  private static String format(String form, Object... values) {
    return String.format(Locale.ROOT, form, values);
  }

  private void row(String name, String what, String value) {
    line(format("%-18s%-32s%10s", name, what, value));
  }

  private void line(String line) {
    text.append(line.stripTrailing()).append('\n');
  }
}

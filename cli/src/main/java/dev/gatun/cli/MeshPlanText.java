// MeshPlanText: a plan over several devices as tables for people, at most 72 columns wide.
package dev.gatun.cli;

import dev.gatun.kv.CacheTypes;
import dev.gatun.load.Footprint;
import dev.gatun.load.MemoryBudget;
import dev.gatun.load.MeshPlan;
import dev.gatun.shard.Placement;
import dev.gatun.weights.ModelConfig;
import dev.gatun.weights.WeightClass;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.ToLongFunction;
import java.util.stream.IntStream;

/** What each device takes, what fits on all of them, and how other splits do. */
final class MeshPlanText {
  private static final double GIB = 1L << 30;

  /** Characters of a device's name. */
  private static final int NAME = 27;

  private final MeshPlan plan;
  private final List<MeshPlan> others;
  private final Optional<List<Double>> bandwidths;
  private final boolean measured;
  private final CacheTypes types;
  private final int context;
  private final List<Group> groups;
  private final StringBuilder text = new StringBuilder();

  /** Neighbours among the ranks that take the same. */
  private record Group(int first, int last, MemoryBudget budget) {
    @Override
    public String toString() {
      return first == last ? String.valueOf(first) : first + "-" + last;
    }
  }

  /** A column of a table of groups. */
  private record Column(String title, ToLongFunction<MemoryBudget> bytes) {}

  /**
   * @param others other splits over the same devices
   * @param bandwidths bytes a second that each device reads; empty where it is not known
   * @param measured whether they were measured here
   */
  MeshPlanText(
      MeshPlan plan, List<MeshPlan> others, Optional<List<Double>> bandwidths, boolean measured) {
    this.measured = measured;
    this.plan = plan;
    this.others = others;
    this.bandwidths = bandwidths;
    types = plan.types();
    context = plan.context();
    groups = groups(plan.budgets(types));
    line(plan.shares().size() + " devices, " + words(plan.mode()) + " (" + flag(plan) + ")");
    line("exchange: " + plan.transport().transport() + ", " + plan.transport().why());
    devices();
    weights();
    memory();
    caches();
    token();
    splits();
  }

  @Override
  public String toString() {
    return text.toString();
  }

  private List<Group> groups(List<MemoryBudget> budgets) {
    List<Group> groups = new ArrayList<>();
    for (int rank = 0; rank < budgets.size(); rank++) {
      MemoryBudget budget = budgets.get(rank);
      if (!groups.isEmpty() && isLike(groups.getLast().budget, budget)) {
        groups.set(groups.size() - 1, new Group(groups.getLast().first, rank, budget));
      } else {
        groups.add(new Group(rank, rank, budget));
      }
    }
    return groups;
  }

  private boolean isLike(MemoryBudget a, MemoryBudget b) {
    return a.capacity().equals(b.capacity())
        && a.need().weights().equals(b.need().weights())
        && a.left(types, context) == b.left(types, context);
  }

  private static String words(Placement.Mode mode) {
    return switch (mode) {
      case LAYER -> "whole layers on each";
      case TENSOR -> "a part of every layer on each";
      case EXPERT -> "some experts on each, the rest on all";
      case HYBRID -> "the rest on rank 0, experts on the others";
      case DATA -> "some experts and some sequences on each, the rest on all";
    };
  }

  private boolean ownSequences() {
    return plan.mode() == Placement.Mode.DATA;
  }

  private static String flag(MeshPlan plan) {
    return "-sm " + plan.mode().name().toLowerCase(Locale.ROOT);
  }

  private void devices() {
    Table table =
        new Table(List.of("ranks", "device", "GiB", "holds tokens", "a token reads"), right(5, 2));
    for (Group group : groups) {
      int holds = group.budget.largestContext(types);
      table.row(
          group.toString(),
          clipped(group.budget.capacity().name()),
          gib(group.budget.capacity().bytes()),
          holds > plan.checkpoint().config().contextLength() ? "enough" : String.valueOf(holds),
          gib(plan.shares().get(group.first).readBytes()));
    }
    block(table);
  }

  private void weights() {
    line("");
    line("weights, GiB");
    List<Column> columns = new ArrayList<>();
    for (WeightClass each : WeightClass.values()) {
      String title = each == WeightClass.NORMS ? "others" : each.toString();
      columns.add(
          new Column(
              title,
              budget ->
                  each == WeightClass.EMBEDDING
                      ? budget.embedding()
                      : budget.need().weights().getOrDefault(each, 0L)));
    }
    table(columns);
  }

  private void memory() {
    line("");
    String where = ownSequences() ? " in the cache of each" : " in the cache";
    line("memory, GiB, with " + context + " tokens of " + types + where);
    table(
        List.of(
            new Column("weights", budget -> budget.need().weightBytes() + budget.embedding()),
            new Column("cache", budget -> budget.cacheBytes(types, context)),
            new Column("steps", MeshPlanText::steps),
            new Column("exchange", MemoryBudget::exchange),
            new Column("--cache-ram", MemoryBudget::cacheRam),
            new Column("driver", budget -> budget.capacity().taken()),
            new Column("margin", MemoryBudget::margin),
            new Column("left", budget -> budget.left(types, context))));
    long outside = plan.outsideBytes();
    if (outside > 0) {
      line("on the host besides, embeddings, exchanges, --cache-ram: " + Amount.bytes(outside));
    }
    if (plan.checkpoint().heldBytes() > 0) {
      line("and random numbers, once: " + Amount.bytes(plan.checkpoint().heldBytes()));
    }
  }

  /** Of the largest step. */
  private static long steps(MemoryBudget budget) {
    Footprint need = budget.need();
    return need.activations() + need.workspace() + need.gemm();
  }

  /** A row for each group; without columns of zeros. */
  private void table(List<Column> all) {
    List<Column> columns =
        all.stream()
            .filter(
                column -> groups.stream().anyMatch(g -> column.bytes.applyAsLong(g.budget) != 0))
            .toList();
    List<String> titles = new ArrayList<>(List.of("ranks"));
    columns.forEach(column -> titles.add(column.title));
    Table table = new Table(titles, right(titles.size(), 1));
    for (Group group : groups) {
      List<String> cells = new ArrayList<>(List.of(group.toString()));
      columns.forEach(column -> cells.add(gib(column.bytes.applyAsLong(group.budget))));
      table.row(cells.toArray(String[]::new));
    }
    block(table);
  }

  private void caches() {
    ModelConfig config = plan.checkpoint().config();
    Table table = new Table(List.of("cache", "bits", "largest context of all"), right(3, 1));
    for (CacheTypes each : plan.cacheTypes()) {
      int largest = Math.min(plan.largestContext(each), config.contextLength());
      double bits = each.bits(config.headDim(), config.latent() > 0);
      table.row(
          each.toString(),
          String.format(Locale.ROOT, "%.1f", bits),
          largest + (each.equals(types) ? " *" : "  "));
    }
    line("");
    block(table);
    line("the model reaches " + config.contextLength() + " tokens");
    if (ownSequences()) {
      int devices = plan.shares().size();
      line("each device holds so many for its own sequences, all " + devices + " times as many");
    }
  }

  private void token() {
    line("");
    line(
        (ownSequences() ? "a token of one sequence: " : "a token: ")
            + plan.exchanges()
            + " exchanges, "
            + Amount.bytes(plan.exchangedBytes())
            + " handed from rank to rank;");
    line("  " + Amount.bytes(plan.readInTurn()) + " of weights are read one after another");
    line(
        "  "
            + bandwidths
                .map(this::speed)
                .orElse("tokens/s are predicted with each device's bandwidth: 24G@1008G"));
  }

  private String speed(List<Double> known) {
    double seconds = plan.readSeconds(known);
    return measured
        ? String.format(
            Locale.ROOT,
            "at most %.2f tokens/s at the %.1f GB/s measured",
            1 / seconds,
            known.getFirst() / 1e9)
        : counted(seconds);
  }

  /** Where weights alone take so many seconds a token. */
  static String counted(double seconds) {
    return String.format(Locale.ROOT, "at most %.2f tokens/s (counted, not measured)", 1 / seconds);
  }

  /** Those that fit first, of these those that read least in turn. */
  private void splits() {
    List<MeshPlan> all = new ArrayList<>(others);
    all.add(plan);
    all.sort(
        Comparator.comparing((MeshPlan one) -> !one.fits())
            .thenComparing(one -> one.fits() ? speed(one) : -one.left()));
    Table table =
        new Table(
            List.of("split", "context", "left", "read", "exchanges", "MiB", "tokens/s"),
            right(7, 1));
    for (MeshPlan one : all) {
      int largest = Math.min(one.largestContext(types), plan.checkpoint().config().contextLength());
      table.row(
          flag(one) + (one.fits() || largest == 0 ? "" : " -c " + largest),
          largest == 0 ? "none" : String.valueOf(largest),
          gib(one.left()),
          gib(one.readInTurn()),
          String.valueOf(one.exchanges()),
          String.format(Locale.ROOT, "%.2f", one.exchangedBytes() / (double) (1 << 20)),
          bandwidths
              .map(known -> String.format(Locale.ROOT, "%.2f", 1 / one.readSeconds(known)))
              .orElse("-"));
    }
    line("");
    line(
        (all.getFirst().fits() ? "splits, the fastest first," : "nothing fits")
            + " with "
            + context
            + " tokens; left and read in GiB:");
    block(table);
  }

  private double speed(MeshPlan one) {
    return bandwidths.map(one::readSeconds).orElse((double) one.readInTurn());
  }

  private static List<Integer> right(int columns, int from) {
    return IntStream.range(from, columns).boxed().toList();
  }

  private static String clipped(String name) {
    return name.substring(0, Math.min(NAME, name.length()));
  }

  private static String gib(long bytes) {
    return String.format(Locale.ROOT, "%.2f", bytes / GIB);
  }

  private void block(Table table) {
    text.append(table);
  }

  private void line(String line) {
    text.append(line).append('\n');
  }
}

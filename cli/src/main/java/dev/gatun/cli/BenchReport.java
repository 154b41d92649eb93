// BenchReport: writes a bench's results, each as soon as it is there.
package dev.gatun.cli;

import dev.gatun.load.EngineOptions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.stream.Collectors;

/** The formats are llama-bench's, so that its readers read them. */
final class BenchReport {
  /** A column of the Markdown table; {@code format} lays out a cell. */
  private record Column(String title, String format, Function<BenchResult, Object> cell) {
    // Numbers end flush: a rule that ends in a colon says so.
    String rule() {
      return title.equals("model") || title.equals("backend") ? " --- " : " ---: ";
    }
  }

  /** Of tests on several devices. */
  private static final List<Column> MESH =
      List.of(
          new Column("KiB exchanged/token", "%19s", r -> two(mesh(r).bytesPerToken() / 1024)),
          new Column("ms in exchanges/token", "%21s", r -> two(mesh(r).nanosPerToken() / 1e6)),
          new Column("ms of work/token", "%19s", r -> mesh(r).work()),
          new Column("balance", "%7s", r -> two(mesh(r).balance())),
          new Column("fullest device: planned / is", "%28s", r -> mesh(r).memory()));

  private final Output out;
  private final BenchFormat format;
  private final boolean severalAtOnce;
  private boolean begun;

  /**
   * @param severalAtOnce whether some of the cases are of several sequences
   */
  BenchReport(Output out, BenchFormat format, boolean severalAtOnce) {
    this.out = out;
    this.format = format;
    this.severalAtOnce = severalAtOnce;
  }

  void add(BenchResult result) {
    out.print(
        switch (format) {
          case MD -> (begun ? "" : markdownHeader(result)) + markdown(result);
          case JSON -> (begun ? ",\n" : "[\n") + Json.pretty(all(result));
          case JSONL -> Json.line(all(result)) + "\n";
          case CSV -> (begun ? "" : csv(columns(result).keySet())) + csv(columns(result).values());
        });
    out.flush();
    begun = true;
  }

  void finish() {
    if (format == BenchFormat.JSON) {
      out.print("\n]\n");
    }
    out.flush();
  }

  private static Map<String, Object> all(BenchResult result) {
    Map<String, Object> fields = new LinkedHashMap<>(result.fields());
    fields.putAll(result.samplesByName());
    fields.putAll(result.gatunFields());
    return fields;
  }

  private static Map<String, Object> columns(BenchResult result) {
    Map<String, Object> fields = new LinkedHashMap<>(result.fields());
    fields.putAll(result.gatunFields());
    return fields;
  }

  // RFC 4180, every field quoted as llama-bench does.
  private static String csv(Iterable<?> cells) {
    List<String> quoted = new ArrayList<>();
    cells.forEach(cell -> quoted.add('"' + text(cell).replace("\"", "\"\"") + '"'));
    return String.join(",", quoted) + "\n";
  }

  // A number for each device is joined as llama-bench joins its tensor split.
  private static String text(Object cell) {
    return cell instanceof long[] each
        ? Arrays.stream(each).mapToObj(Long::toString).collect(Collectors.joining("/"))
        : Objects.toString(cell, "");
  }

  private List<Column> markdownColumns(BenchResult result) {
    List<Column> columns = new ArrayList<>();
    columns.add(new Column("model", "%-30s", r -> r.model().type()));
    columns.add(new Column("size", "%10s", r -> Amount.bytes(r.model().bytes())));
    columns.add(new Column("params", "%10s", r -> Amount.count(r.model().parameters())));
    columns.add(new Column("backend", "%-10s", r -> r.fields().get("backends")));
    columns.add(new Column("threads", "%7s", r -> r.fields().get("n_threads")));
    // As llama-bench has it: a column for what is not as by default.
    EngineOptions options = result.run().options();
    if (!options.cacheTypes().equals(EngineOptions.cacheTypesOf(options.compute()))) {
      columns.add(new Column("type_k", "%6s", r -> r.fields().get("type_k")));
      columns.add(new Column("type_v", "%6s", r -> r.fields().get("type_v")));
    }
    if (result.run().mesh().isPresent()) {
      columns.add(new Column("sm", "%6s", r -> r.fields().get("split_mode")));
      columns.add(new Column("dev", "%14s", r -> r.fields().get("devices")));
    }
    columns.add(new Column("test", "%15s", r -> r.test().name()));
    if (severalAtOnce) {
      columns.add(new Column("np", "%3s", r -> r.test().parallel()));
    }
    columns.add(new Column("t/s", "%20s", BenchReport::rate));
    if (severalAtOnce) {
      columns.add(
          new Column(
              "t/s each", "%9s", r -> two(BenchResult.mean(r.rates()) / r.test().parallel())));
    }
    columns.add(new Column("MiB/token", "%10s", r -> two(r.run().bytesPerToken() / (1 << 20))));
    columns.add(new Column("of the limit", "%26s", BenchReport::share));
    columns.add(new Column("peak", "%10s", r -> Amount.bytes(r.run().peakMemory())));
    columns.add(new Column("host gap", "%9s", r -> two(r.hostGap()) + " %"));
    if (result.run().pace().measured()) {
      columns.add(new Column("clock", "%20s", r -> r.run().pace()));
    }
    if (result.run().mesh().isPresent()) {
      columns.addAll(MESH);
    }
    return columns;
  }

  private static BenchMesh mesh(BenchResult result) {
    return result.run().mesh().orElseThrow();
  }

  private static String rate(BenchResult result) {
    double[] rates = result.rates();
    return two(BenchResult.mean(rates)) + " ± " + two(BenchResult.deviation(rates));
  }

  /** Of int8 operations for a prompt, of memory's bandwidth where tokens are generated. */
  private static String share(BenchResult result) {
    BenchResult.Limits limits = result.limits();
    return result.isPrompt()
        ? limits.int8() < 1e13
            ? share(result.int8Share(), limits.int8() / 1e9, "int8 GOP/s")
            : share(result.int8Share(), limits.int8() / 1e12, "int8 TOP/s")
        : share(result.bandwidthShare(), limits.bandwidth() / 1e9, "GB/s");
  }

  private static String share(double percent, double limit, String unit) {
    return String.format(Locale.ROOT, "%.1f %% of %.1f %s", percent, limit, unit);
  }

  private String markdownHeader(BenchResult result) {
    List<Column> columns = markdownColumns(result);
    return row(columns, Column::title)
        + columns.stream().map(Column::rule).collect(Collectors.joining("|", "|", "|\n"));
  }

  private String markdown(BenchResult result) {
    return row(markdownColumns(result), column -> column.cell().apply(result));
  }

  private static String row(List<Column> columns, Function<Column, Object> cell) {
    return columns.stream()
        .map(column -> String.format(Locale.ROOT, column.format(), cell.apply(column)))
        .collect(Collectors.joining(" | ", "| ", " |\n"));
  }

  private static String two(double value) {
    return String.format(Locale.ROOT, "%.2f", value);
  }
}

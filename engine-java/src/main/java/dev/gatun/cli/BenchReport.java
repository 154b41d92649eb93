// BenchReport: writes a bench's results, each as soon as it is there.
package dev.gatun.cli;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** The formats are llama-bench's, so that its readers read them. */
final class BenchReport {
  private static final String ROW =
      "| %-30s | %10s | %10s | %-10s | %7s | %15s | %20s | %10s | %22s | %10s |%n";

  private final Output out;
  private final BenchFormat format;
  private boolean begun;

  BenchReport(Output out, BenchFormat format) {
    this.out = out;
    this.format = format;
  }

  void add(BenchResult result) {
    out.print(
        switch (format) {
          case MD -> (begun ? "" : markdownHeader()) + markdown(result);
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
    fields.putAll(result.ours());
    return fields;
  }

  private static Map<String, Object> columns(BenchResult result) {
    Map<String, Object> fields = new LinkedHashMap<>(result.fields());
    fields.putAll(result.ours());
    return fields;
  }

  // RFC 4180, every field quoted as llama-bench does.
  private static String csv(Iterable<?> cells) {
    List<String> quoted = new ArrayList<>();
    cells.forEach(cell -> quoted.add('"' + String.valueOf(cell).replace("\"", "\"\"") + '"'));
    return String.join(",", quoted) + "\n";
  }

  private static String markdownHeader() {
    List<String> titles =
        List.of(
            "model",
            "size",
            "params",
            "backend",
            "threads",
            "test",
            "t/s",
            "MiB/token",
            "bandwidth",
            "peak");
    String header = ROW.formatted(titles.toArray());
    // Numbers end flush: a rule that ends in a colon says so.
    String rule =
        titles.stream()
            .map(title -> title.equals("model") || title.equals("backend") ? " --- " : " ---: ")
            .collect(Collectors.joining("|", "|", "|\n"));
    return header + rule;
  }

  private static String markdown(BenchResult result) {
    BenchModel model = result.model();
    double[] rates = result.rates();
    return ROW.formatted(
        model.type(),
        Amount.bytes(model.bytes()),
        Amount.count(model.parameters()),
        "CPU",
        result.run().options().device().threads(),
        result.test().name(),
        "%s ± %s".formatted(two(BenchResult.mean(rates)), two(BenchResult.deviation(rates))),
        two(result.run().bytesPerToken() / (1 << 20)),
        "%.1f %% of %.1f GB/s".formatted(result.bandwidthShare(), result.bandwidth() / 1e9),
        Amount.bytes(result.run().peakMemory()));
  }

  private static String two(double value) {
    return String.format(Locale.ROOT, "%.2f", value);
  }
}

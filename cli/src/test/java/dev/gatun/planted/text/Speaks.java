// Speaks: planted violations; text that depends on the language of the machine, in each of the ways
// there are.
package dev.gatun.planted.text;

import java.io.PrintStream;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

final class Speaks {
  String format(double value) {
    return String.format("%.1f", value);
  }

  String formatted(double value) {
    return "%.1f".formatted(value);
  }

  void printf(PrintStream out, double value) {
    out.printf("%.1f", value);
  }

  String lower(String text) {
    return text.toLowerCase();
  }

  List<String> upper(List<String> texts) {
    return texts.stream().map(String::toUpperCase).toList();
  }

  Stream<String> reference(List<Double> values) {
    return values.stream().map("%.1f"::formatted);
  }

  String allowed(double value) {
    return String.format(Locale.ROOT, "%.1f", value).toLowerCase(Locale.ROOT);
  }
}

// MeasuringCommandsTest: logits, bench and devices.
package dev.gatun.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MeasuringCommandsTest {
  // llama-bench's names and their order, as its reference lists them.
  private static final List<String> LLAMA_BENCH =
      List.of(
          "build_commit",
          "build_number",
          "cpu_info",
          "gpu_info",
          "backends",
          "model_filename",
          "model_type",
          "model_size",
          "model_n_params",
          "n_batch",
          "n_ubatch",
          "n_threads",
          "cpu_mask",
          "cpu_strict",
          "poll",
          "type_k",
          "type_v",
          "n_gpu_layers",
          "n_cpu_moe",
          "split_mode",
          "main_gpu",
          "no_kv_offload",
          "flash_attn",
          "devices",
          "tensor_split",
          "tensor_buft_overrides",
          "use_mmap",
          "use_direct_io",
          "load_mode",
          "lazy_mode",
          "embeddings",
          "no_op_offload",
          "no_host",
          "repack",
          "fit_target",
          "fit_min_ctx",
          "n_prompt",
          "n_gen",
          "n_depth",
          "test_time",
          "avg_ns",
          "stddev_ns",
          "avg_ts",
          "stddev_ts",
          "samples_ns",
          "samples_ts");

  private static final List<String> GATUN_FIELDS =
      List.of(
          "n_parallel",
          "bytes_per_token",
          "bandwidth_bytes_per_second",
          "bandwidth_percent",
          "int8_ops_per_second",
          "int8_percent",
          "peak_memory_bytes",
          "host_gap_percent");

  @TempDir static Path folder;
  private static String model;

  @BeforeAll
  static void create() throws IOException {
    model = TinyModel.create(folder).toString();
  }

  @Test
  void logitsAreOneRowATokenAndTheSameInAnyBatch() throws IOException {
    byte[] whole = logits("5,17,3", "-ub", "512");
    assertEquals(128 + 3 * 256 * Float.BYTES, whole.length);
    assertArrayEquals(whole, logits(" 5, 17,3", "-ub", "1"));
  }

  private byte[] logits(String tokens, String... more) throws IOException {
    Path out = folder.resolve("l.npy");
    List<String> args =
        new ArrayList<>(
            List.of(
                "logits",
                "-m",
                model,
                "--tokens",
                tokens,
                "--out",
                out.toString(),
                "--compute",
                "f32"));
    args.addAll(List.of(more));
    assertEquals("", Cli.piped("").run(args.toArray(String[]::new)).succeeded());
    return Files.readAllBytes(out);
  }

  @Test
  void tokensThatAreNoneAreRefused() {
    Path out = folder.resolve("none.npy");
    for (String tokens : List.of("", "5,", "x", "256", "-1", "1,2;3")) {
      Cli.terminal()
          .run("logits", "-m", model, "--tokens", tokens, "--out", out.toString())
          .refused(2);
    }
    String many = "1,".repeat(100_000) + "1";
    Cli.terminal().run("logits", "-m", model, "--tokens", many, "--out", out.toString()).refused(2);
    Cli.terminal()
        .run("logits", "-m", model, "--tokens", "1,2", "-c", "1", "--out", out.toString())
        .refused(2);
    assertFalse(Files.exists(out));
  }

  @Test
  void aFileThatCannotBeWrittenIsRefused() {
    String out = folder.resolve("no/folder/l.npy").toString();
    Cli.terminal().run("logits", "-m", model, "--tokens", "1", "--out", out).refused(1);
  }

  @Test
  void benchSpeaksLlamaBench() {
    String json = bench("json");
    List<String> names = new ArrayList<>(LLAMA_BENCH);
    names.addAll(GATUN_FIELDS);
    var tests = Json.parse(json, "bench");
    assertEquals(2, tests.size());
    List<String> found = new ArrayList<>();
    tests.get(0).fieldNames().forEachRemaining(found::add);
    assertEquals(names, found);
    assertEquals(8, tests.get(0).get("n_prompt").intValue());
    assertEquals(4, tests.get(1).get("n_gen").intValue());
    assertEquals(2, tests.get(1).get("samples_ns").size());
    for (int test = 0; test < 2; test++) {
      String absent = test == 0 ? "bandwidth_percent" : "int8_percent";
      for (String name : GATUN_FIELDS) {
        var value = tests.get(test).get(name);
        assertTrue(name.equals(absent) ? value.isNull() : value.doubleValue() > 0, name);
      }
    }
  }

  @Test
  void aPromptIsMeasuredByItsOperationsAndATokenByItsBytes() {
    var tests = Json.parse(bench("json"), "bench");
    var prompt = tests.get(0);
    // Two layers of hidden size 256: queries, keys, values and output, then the feed-forward.
    double operations = 2.0 * 2 * 256 * (256 + 128 + 128 + 256 + 3 * 256);
    double share = 100 * operations * prompt.get("avg_ts").doubleValue();
    assertEquals(
        share / prompt.get("int8_ops_per_second").doubleValue(),
        prompt.get("int8_percent").doubleValue(),
        1e-6 * prompt.get("int8_percent").doubleValue());
    String[] markdown = bench("md").split("\n");
    assertTrue(markdown[0].contains("of the limit"), markdown[0]);
    assertTrue(markdown[2].matches(".* [\\d.]+ % of [\\d.]+ int8 GOP/s .*"), markdown[2]);
    assertTrue(markdown[3].matches(".* [\\d.]+ % of [\\d.]+ GB/s .*"), markdown[3]);
    String[] csv = bench("csv").split("\n");
    assertTrue(csv[1].contains(",\"\",\"") && csv[2].contains(",\"\",\""), csv[1] + csv[2]);
  }

  @Test
  void benchWritesTablesToo() {
    List<String> names = new ArrayList<>(LLAMA_BENCH.subList(0, LLAMA_BENCH.size() - 2));
    names.addAll(GATUN_FIELDS);
    String[] csv = bench("csv").split("\n");
    assertEquals("\"" + String.join("\",\"", names) + "\"", csv[0]);
    assertEquals(3, csv.length);
    String[] markdown = bench("md").split("\n");
    assertEquals(4, markdown.length);
    for (String line : markdown) {
      assertEquals(12, line.chars().filter(c -> c == '|').count(), line);
    }
    assertTrue(
        markdown[2].contains(" pp8 ") && markdown[3].contains(" tg4 "),
        String.join("\n", markdown));
  }

  @Test
  void benchRunsSeveralSequencesAtOnce() {
    String out =
        Cli.piped("")
            .run(
                "bench", "-m", model, "-p", "4-8", "-n", "3", "-pg", "5,2", "-d", "0,40", "-np",
                "1,3", "-r", "1", "-t", "1", "-o", "json")
            .succeeded();
    List<String> found = new ArrayList<>();
    for (var test : Json.parse(out, "bench")) {
      int parallel = test.get("n_parallel").intValue();
      int each = test.get("n_prompt").intValue() + test.get("n_gen").intValue();
      found.add(test.get("n_prompt") + " " + test.get("n_gen") + " " + test.get("n_depth"));
      found.set(found.size() - 1, found.getLast() + " " + parallel);
      double rate = each * parallel * 1e9 / test.get("avg_ns").doubleValue();
      assertEquals(rate, test.get("avg_ts").doubleValue(), 1e-3 * rate, "of all sequences");
    }
    List<String> expected = new ArrayList<>();
    for (int parallel : new int[] {1, 3}) {
      for (int depth : new int[] {0, 40}) {
        for (String lengths : List.of("4 0 ", "8 0 ", "0 3 ", "5 2 ")) {
          expected.add(lengths + depth + " " + parallel);
        }
      }
    }
    assertEquals(expected, found);
    String table =
        Cli.piped("")
            .run("bench", "-m", model, "-p", "0", "-n", "3", "-np", "2", "-r", "1", "-t", "1")
            .succeeded();
    assertTrue(table.contains("|  np |") && table.contains("|  t/s each |"), table);
  }

  private static String bench(String format) {
    return Cli.piped("")
        .run("bench", "-m", model, "-p", "8", "-n", "4", "-r", "2", "-t", "1", "-o", format)
        .succeeded();
  }

  @Test
  void benchRefusesWhatMeasuresNothing() {
    Cli.terminal().run("bench", "-m", model, "-p", "0", "-n", "0").refused(2);
    Cli.terminal().run("bench", "-m", model, "-p", "-4").refused(2);
    Cli.terminal().run("bench", "-m", model, "-r", "0").refused(2);
    Cli.terminal().run("bench", "-m", model, "-o", "sql").refused(2);
    Cli.terminal().run("bench", "-m", model, "-t", "1,0").refused(2);
    for (String range : List.of("8-4", "0-8", "1-8*1", "1-8+0", "x", "1-", "1-2-3")) {
      Cli.terminal().run("bench", "-m", model, "-p", range).refused(2);
    }
    Cli.terminal().run("bench", "-m", model, "-pg", "5").refused(2);
    Cli.terminal().run("bench", "-m", model, "-pg", "0,0", "-p", "0", "-n", "0").refused(2);
    Cli.terminal().run("bench", "-m", model, "-np", "0").refused(2);
    Cli.terminal().run("bench", "-m", model, "-p", "999999999", "-np", "3").refused(2);
    Cli.terminal().run("bench", "-m", model, "-d", "999999999").refused(2);
    Cli.terminal()
        .run("bench", "-m", model, "-p", "8", "-n", "0", "-np", "2", "-c", "16")
        .refused(2);
    Cli.terminal().run("bench", "-m", model, "-np", "1024").refused(2);
  }

  @Test
  void devicesListTheGpusOrSayWhyThereIsNone() {
    String text = Cli.piped("").run("devices").succeeded();
    assertTrue(text.contains("\ncpu "), text);
    assertTrue(text.contains("\ncuda:0 ") != text.contains("no GPU: "), text);
  }
}

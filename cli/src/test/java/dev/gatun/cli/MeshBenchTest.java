// MeshBenchTest: what bench tells of a model that is spread over several devices.
package dev.gatun.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MeshBenchTest {
  private static final List<String> FIELDS =
      List.of(
          "exchange_bytes_per_token",
          "exchange_us_per_token",
          "work_us_per_token",
          "balance",
          "planned_memory_bytes",
          "allocated_memory_bytes");

  // Of the tiny model.
  private static final int HIDDEN = 256;
  private static final int VOCAB = 256;

  // Of the tiny model with experts: 2 layers of 8 experts, 3 matrices each in bfloat16, and a
  // router in float32; 2 heads of keys and of values in float16.
  private static final double ROUTERS = 2.0 * 8 * 128 * 4;
  private static final double EXPERTS = 2.0 * 8 * 3 * 128 * 64 * 2 + ROUTERS;
  private static final double CACHED_TOKEN = 2.0 * 2 * 2 * 32 * 2;

  /** A token's bytes are rounded. */
  private static final double ROUNDED = 8;

  @TempDir static Path folder;
  @TempDir static Path folderWithExperts;
  private static String model;
  private static String withExperts;

  @BeforeAll
  static void create() throws IOException {
    model = TinyModel.create(folder).toString();
    withExperts = TinyModel.createWithExperts(folderWithExperts).toString();
  }

  private static String bench(String... more) {
    List<String> args =
        new ArrayList<>(List.of("bench", "-m", model, "-p", "0", "-n", "4", "-r", "2"));
    args.addAll(List.of(more));
    return Cli.piped("").run(args.toArray(String[]::new)).succeeded();
  }

  private static JsonNode generated(String devices, String mode) {
    // Steps of few tokens, since what a step is takes as many bytes as the largest.
    return Json.parse(
            bench("--devices", devices, "-sm", mode, "-t", "2", "-ub", "16", "-o", "json"), "bench")
        .get(0);
  }

  @Test
  void aRowNamesTheDevicesAndWhatTheyDid() {
    JsonNode row = generated("sim:2x1G", "tensor");
    assertEquals("sim:2x1G", row.get("devices").textValue());
    assertEquals("tensor", row.get("split_mode").textValue());
    assertEquals(2, row.get("n_threads").intValue());
    for (String name : FIELDS) {
      assertTrue(row.has(name), name);
    }
    assertTrue(row.get("exchange_us_per_token").doubleValue() > 0);
    assertEquals(1, row.get("balance").doubleValue(), 0.01, "each has half of every weight");
    for (int rank = 0; rank < 2; rank++) {
      assertTrue(row.get("work_us_per_token").get(rank).longValue() > 0);
      long planned = row.get("planned_memory_bytes").get(rank).longValue();
      long allocated = row.get("allocated_memory_bytes").get(rank).longValue();
      assertTrue(planned > 0 && planned <= allocated, planned + " planned, " + allocated);
      // Inputs of steps come on top.
      assertTrue(allocated < planned + (1 << 20), planned + " planned, " + allocated);
    }
  }

  @Test
  void bytesGoToEveryOtherDevice() {
    long two = generated("sim:2x1G", "tensor").get("exchange_bytes_per_token").longValue();
    long four = generated("sim:4x1G", "tensor").get("exchange_bytes_per_token").longValue();
    // The logits go to rank 0 alone: half of them of two devices, three quarters of four.
    assertEquals(3 * two - (3 * 2 - 3) * Float.BYTES * VOCAB / 4, four);
  }

  @Test
  void layersHandOnTheirStreamAndTheLogits() {
    JsonNode row = generated("cpu,cpu", "layer");
    assertEquals("cpu/cpu", row.get("devices").textValue());
    long stream = 2L * Float.BYTES * HIDDEN;
    long least = stream + Float.BYTES * VOCAB;
    long bytes = row.get("exchange_bytes_per_token").longValue();
    // And what the step is, which rank 0 tells.
    assertTrue(least < bytes && bytes < least + 512, bytes + " bytes");
  }

  @Test
  void tablesHaveColumnsForThem() {
    String[] csv = bench("--devices", "sim:2x1G", "-o", "csv").split("\n");
    assertTrue(csv[0].endsWith("\"" + String.join("\",\"", FIELDS) + "\""), csv[0]);
    assertTrue(csv[1].matches(".*,\"\\d+/\\d+\",\"\\d+/\\d+\""), csv[1]);
    String[] markdown = bench("--devices", "sim:2x1G").split("\n");
    assertTrue(markdown[0].matches(".*\\| +sm \\| +dev \\|.*exchanged/token.*"), markdown[0]);
    assertTrue(markdown[2].matches(".*\\| tensor \\| +sim:2x1G \\|.*"), markdown[2]);
    for (String line : markdown) {
      assertEquals(19, line.chars().filter(c -> c == '|').count(), line);
    }
  }

  /** Bytes that a step of so many sequences reads, without what it reads of the cache. */
  private static double stepBytes(String mode, int parallel, int caches) {
    List<String> args =
        new ArrayList<>(List.of("bench", "-m", withExperts, "-p", "0", "-n", "4", "-r", "1"));
    args.addAll(List.of("-t", "2", "-np", Integer.toString(parallel), "-o", "json"));
    if (!mode.equals("none")) {
      args.addAll(List.of("--devices", "sim:2x1G", "-sm", mode));
    }
    String json = Cli.piped("").run(args.toArray(String[]::new)).succeeded();
    double bytes = Json.parse(json, "bench").get(0).get("bytes_per_token").doubleValue();
    return parallel * (bytes - caches * CACHED_TOKEN * (4 + 1) / 2.0);
  }

  @Test
  void severalSequencesReachMoreExpertsAndNotAll() {
    // Of a token's two of eight experts: 1/4 of all, of two tokens' 7/16, of four tokens' 175/256.
    double one = stepBytes("none", 1, 1);
    double two = stepBytes("none", 2, 1);
    double four = stepBytes("none", 4, 1);
    double experts = (two - one) * 16 / 3;
    assertEquals(EXPERTS, experts, ROUNDED * 16 / 3);
    assertEquals(two + experts * (175 - 112) / 256, four, ROUNDED);
  }

  @Test
  void ofDataParallelismDevicesReadForTheirOwnSequences() {
    // Routers count as experts, which are chosen.
    double routers = ROUTERS / 4 + ROUNDED;
    assertEquals(stepBytes("hybrid", 1, 1), stepBytes("data", 1, 1), routers, "nothing twice");
    // Both devices read all else.
    assertEquals(stepBytes("expert", 2, 2), stepBytes("data", 2, 1), ROUNDED);
    assertEquals(stepBytes("expert", 3, 2), stepBytes("data", 3, 1), ROUNDED);
  }

  @Test
  void numbersOfThreadsAreForOneDevice() {
    Cli.terminal().run("bench", "-m", model, "--devices", "cpu,cpu", "-t", "1,2").refused(2);
  }
}

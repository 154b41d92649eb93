// ExpertFilesTest: counts of experts become placements, and models run by them.
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
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ExpertFilesTest {
  /** Eight experts in each of two layers. */
  private static final String COUNTS =
      """
      {"format": "gatun-expert-counts", "version": 1, "architecture": "qwen3_moe", "experts": 8,
       "tokens": 50, "layers": {"0": [60, 10, 5, 5, 5, 5, 5, 5], "1": [1, 2, 3, 4, 5, 6, 7, 72]}}
      """;

  @TempDir Path folder;
  private String model;
  private Path counts;
  private Path placement;

  @BeforeEach
  void create() throws IOException {
    model = TinyModel.createWithExperts(Files.createDirectory(folder.resolve("model"))).toString();
    counts = Files.writeString(folder.resolve("counts.json"), COUNTS);
    placement = folder.resolve("placement.json");
  }

  private Cli.Result balance(String... more) {
    List<String> args =
        new ArrayList<>(
            List.of("balance", "--experts", counts.toString(), "-o", placement.toString()));
    args.addAll(List.of(more));
    return Cli.piped("").run(args.toArray(String[]::new));
  }

  private String held(int layer, int device) throws IOException {
    return Json.parse(Files.readString(placement), "placement")
        .path("layers")
        .path(String.valueOf(layer))
        .path(String.valueOf(device))
        .toString();
  }

  private byte[] logits(String... more) throws IOException {
    Path out = folder.resolve("l.npy");
    List<String> args =
        new ArrayList<>(
            List.of("logits", "-m", model, "--tokens", "5,17,3,90,2", "--out", out.toString()));
    args.addAll(List.of(more));
    Cli.piped("").run(args.toArray(String[]::new)).succeeded();
    return Files.readAllBytes(out);
  }

  @Test
  void copiesOfTheBusiestExpertsBalanceTheDevices() throws IOException {
    String told = balance("--devices", "2", "--copies", "1").succeeded();
    assertTrue(told.startsWith("8 experts of each of 2 layers on 2 devices: the mean is "), told);
    // Expert 0 has 60 of 100 in layer 0, expert 7 has 72 in layer 1: in equal runs 80 and 90.
    assertTrue(told.contains("(58.8 % in equal runs)"), told);
    assertTrue(held(0, 0).contains("0") && held(0, 1).contains("0"), held(0, 1));
    assertTrue(held(1, 0).contains("7") && held(1, 1).contains("7"), held(1, 1));
  }

  @Test
  void theHottestExpertsGoToTheFirstDevice() throws IOException {
    balance("--devices", "3", "--first-device-experts", "2").succeeded();
    assertEquals("[0,1]", held(0, 0));
    assertEquals("[6,7]", held(1, 0));
    assertFalse((held(1, 1) + held(1, 2)).contains("7"), held(1, 1) + held(1, 2));
    assertArrayEquals(
        logits(),
        logits("--devices", "cpu,cpu,cpu", "-sm", "hybrid", "--placement", placement.toString()));
  }

  private long tokens() throws IOException {
    return Json.parse(Files.readString(counts), "counts").path("tokens").longValue();
  }

  /** By each command that runs a model; what was counted before is replaced. */
  @Test
  void whatARunCountsPlacesTheExpertsOfTheNext() throws IOException {
    byte[] one = logits("--record-experts", counts.toString());
    assertEquals(5, tokens());
    balance("--devices", "2", "--copies", "1").succeeded();
    assertArrayEquals(
        one,
        logits(
            "--devices",
            "cpu,cpu",
            "--placement",
            placement.toString(),
            "--record-experts",
            counts.toString()));
    assertEquals(5, tokens());
    Cli.piped("")
        .run(
            "run",
            "-m",
            model,
            "-p",
            "abcd",
            "--raw",
            "-n",
            "3",
            "--ignore-eos",
            "--record-experts",
            counts.toString())
        .succeeded();
    assertEquals(4 + 2, tokens()); // the last token drawn is not read
    Cli.piped("")
        .run(
            "bench",
            "-m",
            model,
            "-p",
            "8",
            "-n",
            "0",
            "-r",
            "2",
            "-t",
            "1,2",
            "--no-warmup",
            "--record-experts",
            counts.toString())
        .succeeded();
    assertEquals(2 * 2 * 8, tokens());
  }

  @Test
  void aFileOfAnotherKindIsNotReplacedByCounts() throws IOException {
    Files.writeString(counts, "[1, 2]");
    String out = folder.resolve("none.npy").toString();
    String line =
        Cli.terminal()
            .run(
                "logits",
                "-m",
                "no-such",
                "--tokens",
                "1",
                "-o",
                out,
                "--record-experts",
                counts.toString())
            .refused(2);
    assertTrue(line.contains("counts.json': no gatun-expert-counts file"), line);
    assertEquals("[1, 2]", Files.readString(counts));
  }

  @Test
  void whatCannotBePlacedIsRefused() throws IOException {
    for (String devices : List.of("0", "-1", "1024")) {
      assertTrue(balance("--devices", devices).refused(2).contains("--devices " + devices));
    }
    assertTrue(balance("--devices", "2", "--copies", "-1").refused(2).contains("--copies -1"));
    assertTrue(
        balance("--devices", "2", "--first-device-experts", "9").refused(2).contains("0 to 8"));
    assertTrue(
        balance("--devices", "1", "--first-device-experts", "1").refused(2).contains("2 to 1023"));
    Files.writeString(counts, COUNTS.replace("gatun-expert-counts", "else"));
    assertTrue(balance("--devices", "2").refused(2).contains("counts.json': no gatun-expert"));
    for (String damage : List.of("\"-1\"", "\"x\"", "\"00\"", "\"123456\"")) {
      Files.writeString(counts, COUNTS.replace("\"0\"", damage));
      assertTrue(balance("--devices", "2").refused(2).contains("names layer "), damage);
    }
    Files.writeString(counts, COUNTS.replace("\"experts\": 8", "\"experts\": 9999999"));
    assertTrue(balance("--devices", "2").refused(2).contains("9999999 experts"));
    Files.writeString(counts, COUNTS.replace("\"experts\": 8", "\"experts\": 9"));
    assertTrue(balance("--devices", "2").refused(2).contains("layer 0 has 8 counts"));
    Files.delete(counts);
    assertTrue(balance("--devices", "2").refused(1).contains("counts.json"));
    assertFalse(Files.exists(placement));
  }

  /** Each in a line that names the file. */
  @Test
  void aPlacementThatIsNotTheModelsIsRefused() throws IOException {
    balance("--devices", "2").succeeded();
    String written = Files.readString(placement);
    refused("cpu,cpu,cpu", "placement.json': made for 2 devices, there are 3");
    Files.writeString(placement, written.replaceFirst("\\[ 0, ", "[ "));
    refused("cpu,cpu", "placement.json': layer 0 leaves out expert 0");
    Files.writeString(placement, written.replace("\"1\" : [", "\"2\" : ["));
    refused("cpu,cpu", "placement.json': layer 0 has no device 1");
    Files.writeString(placement, written.replace("qwen3_moe", "deepseek_v3"));
    refused("cpu,cpu", "placement.json': made for deepseek_v3");
    Files.delete(placement);
    refused("cpu,cpu", 1, "placement.json': there is no such file");
    String line =
        Cli.terminal()
            .run("logits", "-m", model, "--tokens", "1", "-o", "x", "--placement", "p.json")
            .refused(2);
    assertTrue(
        line.contains("--placement says which experts several devices hold; name them"), line);
  }

  @Test
  void aDeviceThatIsTooSmallIsNamed() {
    String line =
        Cli.terminal()
            .run(
                "logits",
                "-m",
                model,
                "--tokens",
                "1",
                "-o",
                folder.resolve("l.npy").toString(),
                "--devices",
                "cpu,sim:1x1M")
            .refused(3);
    assertTrue(line.startsWith("gatun: rank 1 of 2 lacks "), line);
  }

  private void refused(String devices, String... words) {
    refused(devices, 2, words);
  }

  private void refused(String devices, int exitCode, String... words) {
    String out = folder.resolve("none.npy").toString();
    String line =
        Cli.terminal()
            .run(
                "logits",
                "-m",
                model,
                "--tokens",
                "1",
                "-o",
                out,
                "--devices",
                devices,
                "--placement",
                placement.toString())
            .refused(exitCode);
    for (String word : words) {
      assertTrue(line.contains(word), line);
    }
  }
}

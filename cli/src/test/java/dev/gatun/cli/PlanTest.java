// PlanTest: gatun plan, --synthetic, -c max and --rope-scaling on the command line.
package dev.gatun.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.refusal.Refusal;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PlanTest {
  private static final int COLUMNS = 72;

  @TempDir static Path folder;
  private static String model;

  @BeforeAll
  static void create() throws IOException {
    model = TinyModel.create(folder).toString();
  }

  @Test
  void whatFitsIsATableAndExitCodeZero() {
    String out = plan("qwq-32b:type=awq", "24G", "-c", "40960", "--kv", "q8_0").succeeded();
    assertTrue(out.contains("attention"), out);
    assertTrue(out.contains("40960 tokens, q8_0"), out);
    assertTrue(out.contains("on the host, pinned: the embedding, 1.45 GiB"), out);
    assertTrue(out.contains("131072 with --rope-scaling yarn"), out);
    assertFalse(out.contains("short by"), out);
    narrow(out);
  }

  @Test
  void whatDoesNotFitIsExitCodeThreeWithWhatWould() {
    Cli.Result result =
        plan("qwq-32b", "24G", "-c", "131072", "--rope-scaling", "yarn", "--kv", "q4_0");
    assertEquals(3, result.exitCode(), result.err());
    assertTrue(result.out().contains("short by"), result.out());
    assertTrue(result.out().contains("--synthetic qwq-32b:type=q3_k_s"), result.out());
    assertTrue(result.out().contains("two such cards would hold it"), result.out());
    assertTrue(result.err().contains("YaRN, factor 4 of 32768 tokens"), result.err());
    narrow(result.out());
  }

  @Test
  void aThreeBitCacheHolds131072TokensBesideFourBitWeights() {
    String[] wanted = {"-c", "131072", "--rope-scaling", "yarn"};
    Cli.Result awq = plan("qwq-32b:type=awq", "24G", wanted);
    assertTrue(awq.out().contains("  --kv turbo3\n      131072 tokens, 0.19 GiB left"), awq.out());
    assertTrue(awq.out().contains("cache of 3.1 bits, loses much"), awq.out());
    Cli.Result larger = plan("qwq-32b:type=q4_k_m", "24G", wanted);
    assertTrue(larger.out().contains("qwq-32b:type=iq4_xs --kv turbo3"), larger.out());
    assertTrue(larger.out().contains("qwq-32b:type=q3_k_m --kv turbo4"), larger.out());
    narrow(larger.out());
    List<String> fitting = new ArrayList<>(List.of(wanted));
    fitting.addAll(List.of("--kv", "turbo3"));
    plan("qwq-32b:type=awq", "24G", fitting.toArray(String[]::new)).succeeded();
  }

  @Test
  void onThisMachineTheTableIsOfItsMemory() {
    String out = Cli.terminal().run("plan", "-m", model, "-c", "max").succeeded();
    assertTrue(out.contains("memory available"), out);
    assertFalse(out.contains("CUDA"), out);
    narrow(out);
  }

  @Test
  void overCardsThereIsARowForThoseThatAreAlike() {
    String out = plan("qwq-32b:type=q4_k_m", "2x12G", "-sm", "layer").succeeded();
    assertTrue(out.contains("2 devices, whole layers on each (-sm layer)"), out);
    assertTrue(out.contains("a token: 2 exchanges, 634.00 KiB handed from rank to rank;"), out);
    narrow(out);
    String alike = plan("qwq-32b:type=q4_k_m", "2x12G").succeeded();
    assertTrue(alike.matches("(?s).*\n0-1    a card of 12G  11.99 +15968 +9.23\n.*"), alike);
    assertTrue(alike.matches("(?s).*\nsplit .*\n-sm tensor .*\n-sm layer .*"), alike);
    narrow(alike);
  }

  @Test
  void whatDoesNotFitOverCardsIsExitCodeThree() {
    Cli.Result shorter = plan("qwq-32b:type=q4_k_m", "2x12G", "-c", "40960");
    assertEquals(3, shorter.exitCode(), shorter.err());
    assertTrue(shorter.out().contains("\n-sm tensor -c 15968 "), shorter.out());
    narrow(shorter.out());
    Cli.Result result = plan("qwen3-32b:type=q8_0", "2x12G");
    assertEquals(3, result.exitCode(), result.err());
    assertTrue(result.out().contains("\nnothing fits with 4096 tokens;"), result.out());
    narrow(result.out());
  }

  @Test
  void aCardAndItsHostAreOneAfterTheOther() {
    String out = plan("qwen3-30b-a3b:type=q4_k_m", "12G,host:64GiB").succeeded();
    assertTrue(out.contains("the rest on rank 0, experts on the others (-sm hybrid)"), out);
    assertTrue(out.matches("(?s).*\n1      share of memory  6.*"), out);
    narrow(out);
  }

  @Test
  void devicesThatAreHereAreMeasured() {
    String out = Cli.terminal().run("plan", "-m", model, "--devices", "sim:2x1G").succeeded();
    // Rank 0 has the embedding that both read.
    assertTrue(out.matches("(?s).*\n0 +sim .*\n1 +sim .*"), out);
    assertTrue(out.matches("(?s).*at most [0-9.]+ tokens/s at the [0-9.]+ GB/s measured.*"), out);
    narrow(out);
  }

  private static Cli.Result plan(String name, String vram, String... more) {
    List<String> args = new ArrayList<>(List.of("plan", "--synthetic", name, "--vram", vram));
    args.addAll(List.of(more));
    return Cli.terminal().run(args.toArray(String[]::new));
  }

  private static void narrow(String out) {
    for (String line : out.split("\n")) {
      assertTrue(line.length() <= COLUMNS, line);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "plan --synthetic qwq-32b --vram 24T",
        "plan --synthetic qwq-32b --vram 24G --device cpu",
        "plan --synthetic qwq-32b --vram 24G -ngl 99",
        "plan --synthetic qwq-32b --vram 24G --no-graphs",
        "plan --synthetic qwq-32b --vram 24G -sm layer",
        "plan --synthetic qwq-32b --vram 2x24G -sm expert",
        "plan --synthetic qwq-32b --vram 2x24G --devices cpu,cpu",
        "plan --synthetic qwq-32b --vram 0x24G",
        "plan --synthetic qwq-32b --vram 24G,",
        "plan --synthetic qwq-32b --vram host",
        "plan --synthetic qwq-32b --vram 24G,host,host",
        "plan --synthetic qwq-32b --vram 24G@1008G,host",
        "plan --synthetic qwq-32b --vram 24G@fast",
        "plan --synthetic qwq-32b --vram 24G@0G",
        "plan --synthetic qwq-32b --vram 24G@",
        "plan --synthetic qwq-32b --vram 24G,2xhost",
        "plan --synthetic qwq-32b --vram 24G,host:many",
        "plan --synthetic qwq-32b --vram 65x24G -sm layer",
        "plan --synthetic qwq-32c",
        "plan --synthetic qwq-32b --demo",
        "plan",
        "plan --synthetic qwq-32b --vram 24G -c 40961",
        "plan --synthetic qwq-32b --vram 24G -c much",
        "plan --synthetic qwq-32b --vram 24G -c -1",
        "plan --synthetic qwq-32b --vram 24G --rope-scale 4",
        "plan --synthetic qwq-32b --vram 24G --rope-scaling linear",
        "plan --synthetic qwq-32b --vram 24G --rope-scaling longrope",
        "run --synthetic qwq-32b -p hello"
      })
  void whatMakesNoSenseIsRefused(String words) {
    Cli.terminal().run(words.split(" ")).refused(2);
  }

  @Test
  void aContextBeyondTheModelsNamesTheFlagsThatReachIt() {
    String err = plan("qwq-32b", "24G", "-c", "131072").refused(2);
    assertTrue(err.contains("add --rope-scaling yarn --rope-scale 4 --yarn-orig-ctx 32768"), err);
  }

  @Test
  void aRefusalShowsItsTableBeforeItsLine() {
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    Failures failures = new Failures(new PrintStream(err, true, StandardCharsets.UTF_8), false);
    assertEquals(3, failures.report(Refusal.doesNotFit("too large", "use less", "1\n2\n")));
    assertEquals("1\n2\ngatun: too large; use less\n", err.toString(StandardCharsets.UTF_8));
  }

  @ParameterizedTest
  @ValueSource(strings = {"q4_k_m", "awq", "bf16"})
  void aSyntheticModelHasLogits(String type) throws IOException {
    Path out = folder.resolve(type + ".npy");
    Cli.terminal()
        .run(
            "logits",
            "--synthetic",
            "qwen2.5-0.5b:layers=2:type=" + type,
            "--tokens",
            "5,151000",
            "-o",
            out.toString())
        .succeeded();
    FloatBuffer logits =
        ByteBuffer.wrap(Files.readAllBytes(out))
            .order(ByteOrder.LITTLE_ENDIAN)
            .position(128)
            .slice()
            .order(ByteOrder.LITTLE_ENDIAN)
            .asFloatBuffer();
    assertEquals(2 * 151_936, logits.remaining());
    double squares = 0;
    for (int i = 0; i < logits.limit(); i++) {
      squares += logits.get(i) * logits.get(i);
    }
    double deviation = Math.sqrt(squares / logits.limit());
    assertTrue(deviation > 0.1 && deviation < 10, type + ": " + deviation);
  }

  @Test
  void aSyntheticModelIsMeasured() {
    String json =
        Cli.piped("")
            .run(
                "bench",
                "--synthetic",
                "qwen2.5-0.5b:layers=1:type=q4_0",
                "-p",
                "8",
                "-n",
                "2",
                "-r",
                "1",
                "-o",
                "json")
            .succeeded();
    var test = Json.parse(json, "bench").get(0);
    assertEquals("qwen2.5-0.5b:layers=1:type=q4_0", test.get("model_filename").asText());
    assertEquals(151_936L * 896 + 14_912_384 + 896, test.get("model_n_params").asLong());
  }

  @Test
  void aModelThatIsTypedWinsOverTheEnvironments() {
    Cli cli = Cli.environment(Map.of("GATUN_ARG_SYNTHETIC", "qwen2.5-0.5b"));
    assertTrue(cli.run("plan", "--vram", "24G").succeeded().startsWith("qwen2.5-0.5b"));
    String typed = cli.run("plan", "--vram", "24G", "-m", model).succeeded();
    assertFalse(typed.startsWith("qwen2.5-0.5b"), typed);
  }

  @Test
  void theLargestContextIsTold() {
    Cli.Result result =
        Cli.terminal()
            .run("logits", "-m", model, "--tokens", "1", "-c", "max", "-o", folder + "/l.npy");
    assertEquals(0, result.exitCode(), result.err());
    assertEquals("context: 256 tokens, the model's own; a cache of 256.00 KiB\n", result.err());
  }

  @Test
  void theContextIsTheModelsOwnOrWhatFits() {
    String line = "context: 40960 tokens, the model's own; a cache of 5.31 GiB\n";
    String own = plan("qwq-32b:type=awq", "24G", "--kv", "q8_0").succeeded();
    assertTrue(own.endsWith("\n" + line), own);
    assertTrue(own.contains("40960 tokens, q8_0"), own);
    assertEquals(own, plan("qwq-32b:type=awq", "24G", "--kv", "q8_0", "-c", "max").succeeded());
    String fewer = plan("qwq-32b:type=awq", "24G").succeeded();
    assertTrue(fewer.contains("\ncontext: 26336 tokens fit of the model's 40960 ("), fewer);
    assertEquals(3, plan("qwq-32b:type=awq", "24G", "-c", "0").exitCode());
    narrow(own);
  }

  @Test
  void tooShortAContextIsNotTakenUnasked() {
    Cli.Result result = plan("qwq-32b:type=q5_k_m", "23G", "--kv", "f16");
    assertEquals(3, result.exitCode(), result.out());
    assertTrue(result.out().contains("4096 tokens, f16"), result.out());
    plan("qwq-32b:type=q5_k_m", "23G", "--kv", "f16", "-c", "1024").succeeded();
  }
}

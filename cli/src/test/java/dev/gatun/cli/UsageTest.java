// UsageTest: the command line is read as documented, and what it does not know it refuses by name.
package dev.gatun.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class UsageTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "run",
        "serve",
        "ps",
        "show",
        "tokenize",
        "render",
        "logits",
        "bench",
        "balance",
        "verify",
        "devices",
        "fetch",
        "version"
      })
  void everyCommandHasHelp(String command) {
    assertTrue(
        Cli.piped("").run(command, "--help").succeeded().contains("Usage: gatun " + command));
    assertTrue(Cli.piped("").run("--help").succeeded().contains("\n  " + command + " "));
  }

  @Test
  void noArgumentsPrintTheHelp() {
    assertTrue(Cli.terminal().run().succeeded().contains("Commands:"));
  }

  @Test
  void theVersionIsTheBuilds() throws IOException {
    String pom = Files.readString(Path.of("pom.xml"));
    assertTrue(pom.contains("<version>" + Version.NUMBER + "</version>"), Version.NUMBER);
    assertTrue(Cli.terminal().run("--version").succeeded().startsWith("gatun " + Version.NUMBER));
  }

  @Test
  void aMisspeltCommandIsToldWithItsNeighbours() {
    String line = Cli.terminal().run("tokenise").refused(2);
    assertTrue(line.contains("unknown command 'tokenise'; did you mean"), line);
    assertTrue(line.contains("tokenize"), line);
  }

  @Test
  void aMisspeltOptionIsToldWithItsNeighbours() {
    String line = Cli.terminal().run("run", "--thread", "4").refused(2);
    assertTrue(line.contains("unknown option '--thread'; did you mean --threads"), line);
    assertTrue(line.contains("see 'gatun run --help'"), line);
  }

  @ParameterizedTest
  @CsvSource({
    "-t, 0",
    "-t, 99999",
    "-t, -3",
    "-t, many",
    "-c, -5",
    "-c, 1e9",
    "-b, 0",
    "-ub, 0",
    "-n, 0",
    "-n, -2",
    "--compute, int4",
    "--device, tpu",
    "-ngl, some",
    "-ngl, -2",
    "--isa, mmx"
  })
  void valuesOutOfRangeAreRefusedBeforeTheModelIsLookedAt(String option, String value) {
    String line =
        Cli.terminal().run("-m", "there-is-no-such.gguf", "-p", "hi", option, value).refused(2);
    assertTrue(line.contains(value), line);
    assertTrue(!line.contains("there-is-no-such"), line);
  }

  @Test
  void devicesThatAreNotThereAreRefusedBeforeTheModelIsLookedAt() {
    for (String device : new String[] {"cuda:9999", "emulated"}) {
      String line =
          Cli.terminal().run("-m", "no-such.gguf", "-p", "hi", "--device", device).refused(5);
      assertTrue(!line.contains("no-such"), line);
    }
  }

  @Test
  void optionsOfAnotherDeviceAreRefused() {
    assertTrue(
        Cli.terminal().run("-m", "x", "-p", "hi", "--no-graphs").refused(2).contains("of the CPU"));
    for (String option : new String[] {"-t", "--isa"}) {
      String value = option.equals("-t") ? "2" : "avx2";
      String line =
          Cli.terminal().run("-m", "x", "-p", "hi", "--device", "cuda", option, value).refused(2);
      assertTrue(line.contains(option + " says nothing of cuda:0"), line);
    }
  }

  @Test
  void anOptionWithoutItsValueIsRefused() {
    assertTrue(Cli.terminal().run("run", "-m").refused(2).contains("--model"));
    assertTrue(Cli.terminal().run("logits", "-m", "x").refused(2).contains("--tokens"));
  }

  @Test
  void oneModelIsNeeded() {
    assertTrue(Cli.terminal().run("show").refused(2).contains("no model is given"));
    String line = Cli.terminal().run("show", "-m", "x", "--demo").refused(2);
    assertTrue(line.contains("--model and --demo each name a model"), line);
    assertTrue(Cli.terminal().run("show", "-m", "x.gguf").refused(2).contains("x.gguf"));
  }

  @Test
  void optionsAreReadFromTheEnvironment() {
    Cli cli =
        Cli.environment(Map.of("GATUN_ARG_MODEL", "from-environment", "GATUN_ARG_CTX_SIZE", "-5"));
    assertTrue(cli.run("show").refused(2).contains("from-environment"));
    assertTrue(cli.run("-p", "hi").refused(2).contains("context (-c) is -5"));
  }

  @Test
  void whatIsTypedWinsOverTheEnvironment() {
    Cli cli =
        Cli.environment(Map.of("GATUN_ARG_MODEL", "from-environment", "GATUN_ARG_DEMO", "true"));
    assertTrue(cli.run("show", "-m", "typed").refused(2).contains("typed"));
    assertTrue(cli.run("show").refused(2).contains("--model and --demo each name a model"));
  }

  @Test
  void aMisspeltVariableIsMentioned() {
    Cli.Result result =
        Cli.environment(Map.of("GATUN_ARG_THREDS", "4", "GATUN_ARG_THREADS", "4")).run("version");
    assertTrue(result.succeeded().startsWith("gatun "));
    assertEquals("gatun: GATUN_ARG_THREDS is the variable of no option\n", result.err());
  }

  @Test
  void aPromptMayStartWithAnAt(@TempDir Path folder) throws IOException {
    TinyModel.tokenizer(folder);
    assertEquals(
        "[64,120]\n",
        Cli.terminal()
            .run("tokenize", "-m", folder.toString(), "--text", "@x", "--json")
            .succeeded());
  }

  @Test
  void aTextMayLookLikeAnOption(@TempDir Path folder) throws IOException {
    String model = TinyModel.tokenizer(folder).toString();
    for (String text : new String[] {"-h", "-m", "-1", "--json", "-hello"}) {
      Cli.Result result = Cli.piped("").run("tokenize", "-m", model, "--text", text, "--json");
      assertEquals(text.length(), result.succeeded().split(",").length, text);
    }
    assertTrue(Cli.piped("").run("tokenize", "-m", model, "--text").refused(2).contains("--text"));
  }

  @Test
  void anArgumentThatJavaCouldNotDecodeIsRefused() {
    assertTrue(Cli.terminal().run("-p", "na\uFFFDve").refused(2).contains("LC_ALL"));
  }

  @Test
  void theStackTraceComesOnlyWhenAskedFor() {
    Cli.Result result = Cli.terminal().run("show", "-m", "x.gguf", "-v");
    assertEquals(2, result.exitCode());
    assertTrue(result.err().contains("    at dev.gatun."), result.err());
  }
}

// LlamaOptionsTest: what people type from llama.cpp is taken where it is so anyway, or answered.
package dev.gatun.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LlamaOptionsTest {
  @TempDir static Path folder;
  private static String model;

  @BeforeAll
  static void create() throws IOException {
    model = TinyModel.create(folder).toString();
  }

  private static Cli.Result run(Cli cli, String... more) {
    List<String> words = new ArrayList<>(List.of("-m", model, "-p", "hi", "-n", "2"));
    words.addAll(List.of("--temp", "0"));
    words.addAll(Arrays.asList(more));
    return cli.run(words.toArray(String[]::new));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "-fa",
        "-fa on",
        "--flash-attn auto",
        "--jinja",
        "--no-mmap",
        "-mmp 0",
        "-sm none",
        "-ncmoe 0",
        "-nkvo 0",
        "-kvo",
        "-np 1",
        "-cb",
        "--no-context-shift",
        "--no-escape",
        "--no-display-prompt",
        "--show-timings",
        "--no-warmup",
        "--color auto",
        "-fit on",
        "--reasoning-format none",
        "--reasoning-budget -1",
        "-ngl 0",
        "-ngl auto",
        "--gpu-layers 0 --device cpu"
      })
  void whatIsSoAnywayIsTakenAndChangesNothing(String words) {
    String out = run(Cli.terminal()).succeeded();
    assertEquals(out, run(Cli.terminal(), words.split(" ")).succeeded());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "-fa off: attention is always this one; leave it out",
        "-ncmoe 12: a model lies on one device whole; write --device cpu",
        "-np 4: one prompt is answered; gatun bench -np runs several",
        "-fit off: what fits is taken by default; write -c N",
        "--mmap 1: weights are read, never mapped; leave it out"
      })
  void anotherValueIsRefused(String line) {
    String[] words = line.substring(0, line.indexOf(':')).split(" ");
    String told = run(Cli.terminal(), words).refused(2);
    assertTrue(told.startsWith("gatun: " + line), told);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "-ts 1,1",
        "-mg 0",
        "-cmoe",
        "-ot exps=CPU",
        "--mmap",
        "--mlock",
        "-tb 4",
        "--numa distribute",
        "-mu x",
        "-hff x.gguf",
        "-hft token",
        "-sysf x",
        "-e",
        "-i",
        "--simple-io",
        "--keep 8",
        "--rope-freq-base 1e6",
        "--chat-template chatml",
        "--reasoning on",
        "--mirostat 2",
        "--top-nsigma 1",
        "-md draft.gguf",
        "--port 8080",
        "--lora x",
        "--list-devices",
        "-lv 1"
      })
  void theOthersSayWhatToWriteInstead(String words) {
    String option = words.split(" ")[0];
    String line = run(Cli.terminal(), words.split(" ")).refused(2);
    assertTrue(line.matches("gatun: " + option + ": [^;]+; [^;]+\n"), line);
  }

  @Test
  void layersOnTheGpuAreTheGpu() {
    for (String layers : List.of("99", "all", "-1", "2")) {
      run(Cli.terminal(), "-ngl", layers, "-dev", "cuda:9999").refused(5);
      String line = run(Cli.terminal(), "-ngl", layers, "-dev", "cpu").refused(2);
      assertTrue(line.contains("-ngl " + layers + " and --device cpu name different"), line);
    }
    assertTrue(run(Cli.terminal(), "-ngl", "0", "-dev", "cuda").refused(2).contains("different"));
  }

  @Test
  void whatIsTypedWinsOverTheEnvironment() {
    run(Cli.environment(Map.of("GATUN_ARG_DEVICE", "cuda:9999")), "-ngl", "0").succeeded();
    run(Cli.environment(Map.of("GATUN_ARG_N_GPU_LAYERS", "99")), "-dev", "cpu").succeeded();
    run(Cli.environment(Map.of("GATUN_ARG_N_GPU_LAYERS", "0"))).succeeded();
  }

  @Test
  void theTableIsToldInTheHelp() {
    for (String command : List.of("run", "bench", "plan", "logits")) {
      String help = Cli.terminal().run(command, "--help").succeeded();
      assertTrue(help.contains("llama.cpp's options"), help);
      assertTrue(!help.contains("--flash-attn"), help);
    }
  }

  @Test
  void aCommandsOwnOptionIsItsOwn() {
    assertTrue(
        Cli.terminal()
            .run("bench", "-m", model, "-p", "4", "-n", "0", "-np", "2", "-r", "1", "-fa", "1")
            .succeeded()
            .contains("pp4"));
  }
}

// CacheArgumentsTest: the cache's types as they are asked for, and what comes of them.
package dev.gatun.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CacheArgumentsTest {
  @TempDir static Path folder;
  private static String model;

  @BeforeAll
  static void create() throws IOException {
    model = TinyModel.create(folder).toString();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "                              | f16 f16",
        "--compute f32                 | f32 f32",
        "-ctk q8_0                     | q8_0 f16",
        "--cache-type-v q4_0           | f16 q4_0",
        "-ctv bf16 --compute f32       | f32 bf16",
        "-ctk q8_0 -ctv q4_0           | q8_0 q4_0",
        "--kv fp8_e4m3                 | f8 f8",
        "--kv q4_0,f16                 | q4_0 f16",
        "-ctk turbo4 -ctv turbo3       | turbo4 turbo3",
        "--kv f32 --compute int8       | f32 f32",
      })
  void eachIsNamedInTheBench(String arguments, String types) {
    assertEquals(types, typesOf(Cli.piped(""), arguments == null ? "" : arguments));
  }

  @Test
  void whatIsTypedWinsOverTheEnvironment() {
    Cli keys = Cli.environment(Map.of("GATUN_ARG_CACHE_TYPE_K", "q8_0"));
    assertEquals("q8_0 f16", typesOf(keys, ""));
    assertEquals("bf16 bf16", typesOf(keys, "--kv bf16"));
    Cli both = Cli.environment(Map.of("GATUN_ARG_KV", "q8_0"));
    assertEquals("q8_0 q8_0", typesOf(both, ""));
    assertEquals("f16 f8", typesOf(both, "-ctv f8"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "-ctk q5_1",
        "-ctv f64",
        "-ctk q8_0,q4_0",
        "--kv q3",
        "--kv f16,",
        "--kv f16,f16,f16",
        "--kv q8_0 -ctk f16",
        "--kv q8_0 -ctk q8_0 -ctv q8_0"
      })
  void whatIsNoTypeOrSaidTwiceIsRefused(String arguments) {
    List<String> all = new ArrayList<>(List.of("run", "-m", "none.gguf", "-p", "hi"));
    all.addAll(List.of(arguments.split(" ")));
    String line = Cli.terminal().run(all.toArray(String[]::new)).refused(2);
    assertTrue(!line.contains("none.gguf"), line);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "f32",
        "f16",
        "bf16",
        "f8",
        "q8_0",
        "q4_0",
        "q8_0,q4_0",
        "q4_0,f8",
        "turbo4",
        "q8_0,turbo3"
      })
  void everyTypeAnswers(String types) {
    Cli.Result result =
        Cli.piped("")
            .run("-m", model, "-p", "hello", "-n", "40", "--temp", "0", "--kv", types, "-v");
    assertTrue(!result.succeeded().isBlank(), result.err());
    assertTrue(
        result.err().matches("(?s).*tokens in [^ ]+ [^ ]+ of " + types + ",.*"), result.err());
  }

  @Test
  void aTableNamesTypesOtherThanTheDefault() {
    assertTrue(table("--kv", "q8_0,bf16").contains("| type_k | type_v |"));
    assertTrue(table("--kv", "q8_0,bf16").contains("|   q8_0 |   bf16 |"));
    assertTrue(!table("--kv", "f16").contains("type_k"));
  }

  private static String table(String... more) {
    List<String> all =
        new ArrayList<>(List.of("bench", "-m", model, "-p", "1", "-n", "0", "-r", "1", "-t", "1"));
    all.addAll(List.of(more));
    return Cli.piped("").run(all.toArray(String[]::new)).succeeded();
  }

  private static String typesOf(Cli cli, String arguments) {
    List<String> all =
        new ArrayList<>(
            List.of("bench", "-m", model, "-p", "1", "-n", "0", "-r", "1", "-o", "json"));
    all.addAll(List.of("-t", "1", "--no-warmup"));
    if (!arguments.isEmpty()) {
      all.addAll(List.of(arguments.split(" ")));
    }
    var test = Json.parse(cli.run(all.toArray(String[]::new)).succeeded(), "bench").get(0);
    return test.get("type_k").textValue() + " " + test.get("type_v").textValue();
  }
}

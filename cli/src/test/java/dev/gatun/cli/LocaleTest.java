// LocaleTest: what is printed and written is the same whatever language the machine speaks.
package dev.gatun.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.function.Supplier;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * German has a decimal comma, Egypt's Arabic digits of its own, Turkish another lower case of I.
 */
class LocaleTest {
  @TempDir static Path folder;
  private static String model;

  @BeforeAll
  static void create() throws IOException {
    model = TinyModel.create(folder).toString();
  }

  private static <T> T in(String locale, Supplier<T> action) {
    Locale before = Locale.getDefault();
    Locale.setDefault(Locale.forLanguageTag(locale));
    try {
      return action.get();
    } finally {
      Locale.setDefault(before);
    }
  }

  /** Asserts that the command says the same as in the root locale. */
  private static void same(String locale, String... args) {
    assertEquals(said("und", args), said(locale, args), String.join(" ", args));
  }

  /** What a command says, with 0.0 for each plain decimal on standard error, such as a time. */
  private static Cli.Result said(String locale, String... args) {
    Cli.Result result = in(locale, () -> Cli.terminal().run(args));
    return new Cli.Result(
        result.exitCode(), result.out(), result.err().replaceAll("[0-9]+\\.[0-9]+", "0.0"));
  }

  @Test
  void theLocalesDiffer() {
    assertEquals("8,5", in("de-DE", () -> "%.1f".formatted(8.5)));
    assertEquals("٨٫٥", in("ar-EG", () -> "%.1f".formatted(8.5)));
    assertNotEquals("i", in("tr-TR", "I"::toLowerCase));
  }

  @ParameterizedTest
  @ValueSource(strings = {"de-DE", "ar-EG", "tr-TR"})
  void aPlanIsTheSame(String locale) {
    same(locale, "plan", "--synthetic", "qwq-32b:type=awq", "--vram", "24G", "-c", "40960");
    same(locale, "plan", "--synthetic", "QWQ-32B:type=IQ4_XS", "--vram", "24GIB", "-ctk", "Q8_0");
    same(locale, "plan", "--synthetic", "qwq-32b", "--vram", "24G", "-c", "32768");
  }

  @ParameterizedTest
  @ValueSource(strings = {"de-DE", "ar-EG", "tr-TR"})
  void aBenchsTableHasPlainNumbers(String locale) {
    String[] args = {"bench", "-m", model, "-p", "8", "-n", "4", "-r", "2", "-t", "1"};
    String table = in(locale, () -> Cli.piped("").run(args)).succeeded();
    String number = "\\d+\\.\\d+";
    String row =
        "\\|[ -~]*\\| +pp8 \\| +%1$s ± %1$s \\| +%1$s \\| +%1$s %% of %1$s int8 GOP/s \\|[ -~]*\\|"
            + " +%1$s %% \\|";
    assertTrue(table.split("\n")[2].matches(String.format(Locale.ROOT, row, number)), table);
  }

  @ParameterizedTest
  @ValueSource(strings = {"de-DE", "ar-EG", "tr-TR"})
  void textCommandsSayTheSame(String locale) {
    same(locale, "tokenize", "-m", model, "-p", "IiXx");
    same(locale, "show", "-m", model);
    same(locale, "run", "-v", "-m", model, "-p", "abc", "-n", "3", "--temp", "0", "-c", "64");
    for (String command : new String[] {"run", "plan", "bench", "logits", "verify"}) {
      same(locale, command, "--help");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"de-DE", "ar-EG", "tr-TR"})
  void aFileOfLogitsIsTheSame(String locale) throws IOException {
    assertArrayEquals(logits("und"), logits(locale));
  }

  private static byte[] logits(String locale) throws IOException {
    Path out = folder.resolve(locale + ".npy");
    String[] args = {"logits", "-m", model, "--tokens", "5,17", "-o", out.toString()};
    in(locale, () -> Cli.piped("").run(args)).succeeded();
    return Files.readAllBytes(out);
  }
}

// VerifyTest: what is right passes, and what is wrong does not.
package dev.gatun.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class VerifyTest {
  private static final Path ORACLES = Path.of("../engine-java/src/test/resources/oracle");
  private static final String FOLDER = "qwen3";
  private static final String GGUF = "gguf/qwen2-q4_0";
  private static final List<String> FILES =
      List.of("/config.json", "/model.safetensors.gz", "/oracle.safetensors.gz");

  @TempDir Path oracles;

  @Test
  void whatIsRightPasses() throws IOException {
    folder();
    gguf();
    List<String> lines = verify().succeeded().lines().toList();
    for (String name : new String[] {FOLDER + ": ", "qwen2-q4_0.gguf: "}) {
      for (String check :
          new String[] {
            "logits, f32",
            "KL divergence, f32",
            "KL divergence, default",
            "prompt in chunks of 1, 7, 33, f32",
            "prompt in chunks of 1, 7, 33, default",
            "30 repeats of a token",
            "allocations"
          }) {
        assertEquals(
            1,
            lines.stream().filter(line -> line.startsWith("ok    " + name + check)).count(),
            check);
      }
    }
    assertTrue(lines.stream().anyMatch(line -> line.startsWith("ok    qwen3: greedy")));
    assertTrue(lines.getLast().matches("cpu: 17 checks, 0 failed, \\d+ s"), lines.getLast());
  }

  @Test
  void deepSeekIsChecked() throws IOException {
    for (String file : FILES) {
      copy("deepseek-v3-fp8" + file, "deepseek-v3-fp8" + file);
    }
    String out = verify().succeeded();
    for (String check :
        new String[] {
          "logits, f32",
          "KL divergence, default",
          "greedy tokens",
          "two ranks, layer",
          "two ranks, tensor",
          "two ranks, expert",
          "two ranks, hybrid",
          "two ranks, data"
        }) {
      assertTrue(out.contains("ok    deepseek-v3-fp8: " + check), out);
    }
  }

  @Test
  void aWrongLogitFails() throws IOException {
    gguf();
    change(
        GGUF + ".oracle.safetensors.gz",
        "logits",
        bytes -> bytes.putFloat(0, bytes.getFloat(0) + 0.01f));
    List<String> failed = failures(verify());
    assertEquals(1, failed.size(), failed.toString());
    assertTrue(failed.getFirst().contains("qwen2-q4_0.gguf: logits, f32"), failed.toString());
    assertTrue(failed.getFirst().endsWith("1.0e-02 (2e-04)"), failed.toString());
  }

  @Test
  void aLogitThatIsNoNumberFails() throws IOException {
    gguf();
    change(GGUF + ".oracle.safetensors.gz", "logits", bytes -> bytes.putFloat(0, Float.NaN));
    assertEquals(3, failures(verify()).size());
  }

  @Test
  void aWrongTokenFails() throws IOException {
    folder();
    change(
        FOLDER + "/oracle.safetensors.gz",
        "greedy",
        bytes -> bytes.putLong(8, bytes.getLong(8) ^ 1));
    List<String> failed = failures(verify());
    assertEquals(1, failed.size(), failed.toString());
    assertTrue(failed.getFirst().contains("greedy tokens"), failed.toString());
    assertTrue(failed.getFirst().endsWith("1 of 16 differ (0)"), failed.toString());
  }

  @Test
  void anotherModelsAnswersFail() throws IOException {
    gguf();
    Files.delete(oracles.resolve(GGUF + ".oracle.safetensors.gz"));
    copy("gguf/llama-q4_k_m.oracle.safetensors.gz", GGUF + ".oracle.safetensors.gz");
    assertFalse(failures(verify()).isEmpty());
  }

  @Test
  void aTruncatedCheckpointFailsAndTheNextIsChecked() throws IOException {
    folder();
    gguf();
    Path packed = oracles.resolve(FOLDER + "/model.safetensors.gz");
    byte[] bytes = Files.readAllBytes(packed);
    Files.write(packed, Arrays.copyOf(bytes, bytes.length / 2));
    Cli.Result result = verify();
    List<String> failed = failures(result);
    assertEquals(1, failed.size(), failed.toString());
    assertTrue(failed.getFirst().contains(FOLDER), failed.toString());
    assertTrue(result.out().contains("ok    qwen2-q4_0.gguf: logits, f32"), result.out());
  }

  @Test
  void nothingToCheckIsRefused() {
    assertTrue(verify().refused(2).contains("no oracle in"));
    assertTrue(
        Cli.piped("")
            .run("verify", "--device", "cpu", "--oracles", oracles + "/none")
            .refused(2)
            .contains("no folder of oracles"));
    assertTrue(Cli.piped("").run("verify", "--device", "tpu").refused(2).contains("tpu"));
    assertTrue(Cli.piped("").run("verify", "--device", "cuda:9999").refused(5).contains("gatun: "));
  }

  private Cli.Result verify() {
    return Cli.piped("")
        .run("verify", "--device", "cpu", "--quick", "--oracles", oracles.toString());
  }

  private static List<String> failures(Cli.Result result) {
    assertEquals(1, result.exitCode(), result.err());
    assertEquals("", result.err());
    List<String> failed = result.out().lines().filter(line -> line.startsWith("FAIL")).toList();
    assertTrue(result.out().contains(" " + failed.size() + " failed, "), result.out());
    return failed;
  }

  private void folder() throws IOException {
    for (String file : FILES) {
      copy(FOLDER + file, FOLDER + file);
    }
  }

  private void gguf() throws IOException {
    for (String ending : new String[] {".gguf.gz", ".oracle.safetensors.gz"}) {
      copy(GGUF + ending, GGUF + ending);
    }
  }

  private void copy(String from, String to) throws IOException {
    Files.createDirectories(oracles.resolve(to).getParent());
    Files.copy(ORACLES.resolve(from), oracles.resolve(to));
  }

  private interface Change {
    void of(ByteBuffer tensor);
  }

  /** Changes a tensor of a packed safetensors file in place. */
  private void change(String file, String tensor, Change change) throws IOException {
    Path path = oracles.resolve(file);
    byte[] bytes;
    try (GZIPInputStream in = new GZIPInputStream(Files.newInputStream(path))) {
      bytes = in.readAllBytes();
    }
    int end = 8 + (int) ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong(0);
    String header = new String(bytes, 8, end - 8, StandardCharsets.UTF_8);
    String offsets = header.substring(header.indexOf('"' + tensor + '"'));
    offsets = offsets.substring(offsets.indexOf("data_offsets"));
    int from = Integer.parseInt(offsets.replaceFirst("(?s)[^\\[]*\\[\\s*(\\d+).*", "$1"));
    change.of(
        ByteBuffer.wrap(bytes, end + from, bytes.length - end - from)
            .slice()
            .order(ByteOrder.LITTLE_ENDIAN));
    try (GZIPOutputStream out = new GZIPOutputStream(Files.newOutputStream(path))) {
      out.write(bytes);
    }
  }
}

// MtpCommandsTest: --mtp of logits and plan.
package dev.gatun.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The model is an oracle's whose last layer is taken for that of multi-token prediction. */
class MtpCommandsTest {
  private static final String MTP = "model.layers.2.";
  private static final int HIDDEN = 160;
  private static final int VOCAB = 256;
  private static final byte[] ONE = {(byte) 0x80, 0x3f}; // of bfloat16

  @TempDir static Path folder;

  @BeforeAll
  static void create() throws IOException {
    String config = new String(resource("config.json").readAllBytes(), StandardCharsets.UTF_8);
    Files.writeString(
        folder.resolve("config.json"),
        config.replace("\"num_hidden_layers\": 3", "\"num_hidden_layers\": 2"));
    Path trunk = folder.resolve("trunk.safetensors");
    try (InputStream weights = new GZIPInputStream(resource("model.safetensors.gz"))) {
      Files.copy(weights, trunk);
    }
    Map<String, String> index = new LinkedHashMap<>();
    byte[] bytes = Files.readAllBytes(trunk);
    int length = (int) ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong();
    JsonNode header = new ObjectMapper().readTree(bytes, Long.BYTES, length);
    header.fieldNames().forEachRemaining(name -> index.put(name, "trunk.safetensors"));
    index.remove("__metadata__");
    ones(index);
    Files.writeString(
        folder.resolve("model.safetensors.index.json"),
        new ObjectMapper().writeValueAsString(Map.of("weight_map", index)));
  }

  private static InputStream resource(String name) {
    return MtpCommandsTest.class.getResourceAsStream("/oracle/deepseek-v3/" + name);
  }

  /** What the layer has besides a block. */
  private static void ones(Map<String, String> index) throws IOException {
    Map<String, Object> header = new LinkedHashMap<>();
    int end = 0;
    for (String name : List.of("enorm", "hnorm", "shared_head.norm", "eh_proj")) {
      int[] shape = name.equals("eh_proj") ? new int[] {HIDDEN, 2 * HIDDEN} : new int[] {HIDDEN};
      int begin = end;
      end += 2 * Arrays.stream(shape).reduce(1, Math::multiplyExact);
      int[] range = {begin, end};
      String full = MTP + name + ".weight";
      header.put(full, Map.of("dtype", "BF16", "shape", shape, "data_offsets", range));
      index.put(full, "mtp.safetensors");
    }
    byte[] json = new ObjectMapper().writeValueAsBytes(header);
    ByteBuffer file = ByteBuffer.allocate(Long.BYTES + json.length + end);
    file.order(ByteOrder.LITTLE_ENDIAN).putLong(json.length).put(json);
    while (file.hasRemaining()) {
      file.put(ONE);
    }
    Files.write(folder.resolve("mtp.safetensors"), file.array());
  }

  @Test
  void logitsAreOneRowForEachTokenButTheLast() throws IOException {
    byte[] whole = logits("--mtp");
    assertEquals(128 + 3 * VOCAB * Float.BYTES, whole.length);
    assertArrayEquals(whole, logits("--mtp", "-ub", "1"));
    assertArrayEquals(whole, logits("--mtp", "-ub", "2"));
    byte[] own = logits();
    assertEquals(128 + 4 * VOCAB * Float.BYTES, own.length);
    assertFalse(Arrays.equals(row(whole), row(own)));
  }

  private static byte[] row(byte[] npy) {
    return Arrays.copyOfRange(npy, 128, 128 + VOCAB * Float.BYTES);
  }

  private static byte[] logits(String... more) throws IOException {
    Path out = folder.resolve("l.npy");
    List<String> args = new ArrayList<>(List.of("logits", "-m", folder.toString()));
    args.addAll(List.of("--tokens", "5,17,3,200", "-o", out.toString()));
    args.addAll(List.of(more));
    assertEquals("", Cli.piped("").run(args.toArray(String[]::new)).succeeded());
    return Files.readAllBytes(out);
  }

  @Test
  void whatHasNoSuchLayerIsRefused() {
    String out = folder.resolve("none.npy").toString();
    for (String model : List.of("qwen2.5-0.5b:layers=1", "kimi-k2:layers=1")) {
      for (String[] command : new String[][] {{"plan"}, {"logits", "--tokens", "1,2", "-o", out}}) {
        List<String> args = new ArrayList<>(List.of(command));
        args.addAll(List.of("--synthetic", model, "--mtp"));
        String line = Cli.terminal().run(args.toArray(String[]::new)).refused(2);
        assertTrue(line.contains("has no layer of multi-token prediction; leave out --mtp"), line);
      }
    }
    String line =
        Cli.terminal()
            .run("logits", "-m", folder.toString(), "--mtp", "--tokens", "1", "-o", out)
            .refused(2);
    assertTrue(line.contains("--mtp of one token"), line);
    assertFalse(Files.exists(Path.of(out)));
  }

  // 61 layers of 576 float16 take 68.6 KiB a token, and 62 69.8.
  @Test
  void thePlanCountsItWhereItIsAskedFor() {
    String without = plan();
    assertTrue(without.contains("671.03 B parameters"), without);
    assertTrue(without.contains("68.6  16.0"), without);
    String with = plan("--mtp");
    assertTrue(with.contains("682.64 B parameters"), with);
    assertTrue(with.contains("69.8  16.0"), with);
  }

  private static String plan(String... more) {
    List<String> args =
        new ArrayList<>(List.of("plan", "--synthetic", "deepseek-r1", "--vram", "1000G"));
    args.addAll(List.of("-c", "4096"));
    args.addAll(List.of(more));
    return Cli.piped("").run(args.toArray(String[]::new)).succeeded();
  }
}

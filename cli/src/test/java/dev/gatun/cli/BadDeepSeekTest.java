// BadDeepSeekTest: a damaged or contradictory DeepSeek is one line on standard error and exit code
// 4.
package dev.gatun.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BadDeepSeekTest {
  private static final int MODEL = 4;

  @TempDir Path folder;

  /** Within the header, by as many characters. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "experts.7.up_proj.weight_scale_inv|experts.7.up_proj.weight_scale_inx|experts.7.up_proj.weight_scale_inv'"
            + " of 'model.layers.1.mlp.experts.7.up_proj.weight' is missing",
        "experts.7.up_proj.weight_scale_inv\":{\"dtype\":\"F32\",\"shape\":[1,2]"
            + "|experts.7.up_proj.weight_scale_inv\":{\"dtype\":\"F32\",\"shape\":[2,1]"
            + "|has the shape (2, 1), expected (1, 2)",
        "experts.7.up_proj|experts.x.up_proj|has 15 experts, expected numbers 0 to 15",
        "1.self_attn.kv_b_proj.weight|1.self_attn.kv_x_proj.weight|kv_b_proj.weight' is missing",
      })
  void damagedTensors(String from, String to, String words) throws IOException {
    assertEquals(from.length(), to.length());
    refused("", "", from, to, words);
  }

  @ParameterizedTest
  @CsvSource({
    "n_group\": 4, n_group\": 3, 16 experts do not divide into 3 groups",
    "num_experts_per_tok\": 4, num_experts_per_tok\": 17, 17 experts a token of only 8",
    "topk_group\": 2, topk_group\": 5, 5 groups a token of only 4"
  })
  void contradictions(String from, String to, String words) throws IOException {
    refused(from, to, "", "", words);
  }

  private void refused(String config, String to, String header, String toHeader, String words)
      throws IOException {
    String settings = text(resource("config.json").readAllBytes());
    assertTrue(settings.contains(config), config);
    Files.writeString(folder.resolve("config.json"), settings.replace(config, to));
    try (InputStream weights = new GZIPInputStream(resource("model.safetensors.gz"))) {
      String tensors = text(weights.readAllBytes());
      assertTrue(tensors.contains(header), header);
      Files.writeString(
          folder.resolve("model.safetensors"),
          header.isEmpty() ? tensors : tensors.replace(header, toHeader),
          StandardCharsets.ISO_8859_1);
    }
    String line = Cli.terminal().run("plan", "-m", folder.toString()).refused(MODEL);
    assertTrue(line.contains(words), line);
  }

  private static InputStream resource(String name) {
    return BadDeepSeekTest.class.getResourceAsStream("/oracle/deepseek-v3-fp8/" + name);
  }

  /** A character a byte. */
  private static String text(byte[] bytes) {
    return new String(bytes, StandardCharsets.ISO_8859_1);
  }
}

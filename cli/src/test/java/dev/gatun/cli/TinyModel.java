// TinyModel: a checkpoint small enough for every test: random weights, a tokenizer of ASCII
// characters.
package dev.gatun.cli;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPInputStream;

/**
 * Ids 0 to 127 are the ASCII characters, then come the added tokens; the weights' vocabulary is
 * 256.
 */
final class TinyModel {
  static final int END = 130;
  static final String TEMPLATE =
      "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
          + "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}";

  private static final List<String> ADDED =
      List.of("<|endoftext|>", "<|im_start|>", "<|im_end|>", "<think>", "</think>");

  private TinyModel() {}

  /** Writes config.json, model.safetensors and the tokenizer's files into {@code folder}. */
  static Path create(Path folder) throws IOException {
    return create("llama", folder);
  }

  /** The same with experts: 8 in each of 2 layers, of which a token takes 2. */
  static Path createWithExperts(Path folder) throws IOException {
    return create("qwen3-moe", folder);
  }

  private static Path create(String oracle, Path folder) throws IOException {
    try (InputStream config = resource(oracle, "config.json");
        InputStream in = resource(oracle, "model.safetensors.gz");
        InputStream weights = new GZIPInputStream(in)) {
      Files.copy(config, folder.resolve("config.json"));
      Files.copy(weights, folder.resolve("model.safetensors"));
    }
    return tokenizer(folder);
  }

  /** Writes the tokenizer's files only. */
  static Path tokenizer(Path folder) throws IOException {
    Map<String, Integer> vocabulary = new LinkedHashMap<>();
    for (int value = 0; value < 128; value++) {
      vocabulary.put(String.valueOf(byteLevel(value)), value);
    }
    vocabulary.put("zq", 133); // a byte-pair encoding without pairs is refused
    List<Map<String, Object>> added =
        ADDED.stream().map(text -> added(128 + ADDED.indexOf(text), text)).toList();
    Map<String, Object> byteLevel =
        Map.of(
            "type",
            "ByteLevel",
            "add_prefix_space",
            false,
            "trim_offsets",
            true,
            "use_regex",
            false);
    Map<String, Object> json =
        Map.of(
            "version", "1.0",
            "added_tokens", added,
            "pre_tokenizer", byteLevel,
            "decoder", byteLevel,
            "model", Map.of("type", "BPE", "vocab", vocabulary, "merges", List.of("z q")));
    Files.writeString(folder.resolve("tokenizer.json"), Json.line(json));
    Files.writeString(
        folder.resolve("tokenizer_config.json"),
        Json.line(
            Map.of(
                "bos_token",
                "<|im_start|>",
                "eos_token",
                "<|im_end|>",
                "chat_template",
                TEMPLATE)));
    return folder;
  }

  private static Map<String, Object> added(int id, String text) {
    return Map.of(
        "id", id,
        "content", text,
        "special", text.startsWith("<|"),
        "single_word", false,
        "lstrip", false,
        "rstrip", false,
        "normalized", false);
  }

  // The visible stand-in of a byte (source: openai/gpt-2, encoder.py, bytes_to_unicode), for ASCII.
  private static char byteLevel(int value) {
    return (char) (value <= ' ' ? 256 + value : value == 127 ? 256 + 33 : value);
  }

  private static InputStream resource(String oracle, String name) {
    return TinyModel.class.getResourceAsStream("/oracle/" + oracle + "/" + name);
  }
}

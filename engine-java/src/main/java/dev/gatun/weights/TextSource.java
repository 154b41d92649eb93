// TextSource: what a model's files say about text.
package dev.gatun.weights;

import dev.gatun.refusal.Refusal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Read without a model's tensors and settings, so that a GGUF file which holds no more than a
 * vocabulary will do, and a family that cannot be run.
 *
 * @param chatTemplate the chat template's Jinja text; of several the one named {@code default}
 */
public record TextSource(TokenizerSource tokenizer, Optional<String> chatTemplate) {

  /**
   * Of a {@code .gguf} file (any part of a split one stands for all, and the first must be there)
   * or a folder with {@code tokenizer.json}, or Kimi's {@code tiktoken.model}.
   *
   * @throws Refusal with reason MODEL where the content is truncated or inconsistent; IO where it
   *     cannot be read; USAGE where nothing is there
   */
  public static TextSource read(Path path) {
    if (Files.isDirectory(path)) {
      return new TextSource(new TokenizerSource.Folder(path), FolderCheckpoint.chatTemplate(path));
    }
    if (!Files.isRegularFile(path)) {
      throw Refusal.usage(
          "no model at '" + path + "'",
          "give a .gguf file or a folder with tokenizer.json and tokenizer_config.json");
    }
    Path first = GgufSplit.first(path);
    String source = "'" + first.getFileName() + "'";
    try (OpenFiles files = new OpenFiles()) {
      Fields fields = new Fields(source, GgufFile.keyValues(files.open(first), source));
      return new TextSource(
          new TokenizerSource.Gguf(fields.values()), fields.text("tokenizer.chat_template"));
    }
  }
}

// TokenizerSource: where a checkpoint keeps its tokenizer.
package dev.gatun.weights;

import java.nio.file.Path;
import java.util.Map;

/** Read by the text package; nothing in it has been checked here. */
public sealed interface TokenizerSource {

  /**
   * A folder that should hold {@code tokenizer.json}, or Kimi's {@code tiktoken.model}, and may
   * hold {@code tokenizer_config.json}.
   */
  record Folder(Path path) implements TokenizerSource {}

  /**
   * A GGUF file's key-values, of which {@code tokenizer.ggml.*} are meant; Java types as in {@link
   * GgufFile}.
   */
  record Gguf(Map<String, Object> metadata) implements TokenizerSource {}
}

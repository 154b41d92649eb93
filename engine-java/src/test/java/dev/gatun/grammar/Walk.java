// Walk: texts led through a grammar token by token, with the tokenizer of Qwen2.5.
package dev.gatun.grammar;

import dev.gatun.chat.OutputFormat;
import dev.gatun.sample.TokenMask;
import dev.gatun.text.Tokenizer;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.zip.GZIPInputStream;

final class Walk {
  static final Tokenizer TOKENIZER = qwen();

  /** {@code <|im_end|>} and {@code <|endoftext|>}. */
  static final Set<Integer> STOP_IDS = Set.of(151_645, 151_643);

  static final Grammars GRAMMARS = new Grammars(TOKENIZER, STOP_IDS);

  private Walk() {}

  private static Tokenizer qwen() {
    try {
      Path folder = Files.createTempDirectory("gatun-qwen");
      try (InputStream json =
              new GZIPInputStream(
                  Walk.class.getResourceAsStream("/tokenizers/qwen2_5/tokenizer.json.gz"));
          InputStream config =
              Walk.class.getResourceAsStream("/tokenizers/qwen2_5/tokenizer_config.json")) {
        Files.copy(json, folder.resolve("tokenizer.json"));
        Files.copy(config, folder.resolve("tokenizer_config.json"));
        return Tokenizer.fromFolder(folder);
      } finally {
        Files.deleteIfExists(folder.resolve("tokenizer.json"));
        Files.deleteIfExists(folder.resolve("tokenizer_config.json"));
        Files.delete(folder);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Whether the whole text may be an answer. */
  static boolean takes(OutputFormat format, String text) {
    return takes(GRAMMARS.compile(format), text);
  }

  static boolean takes(Grammar grammar, String text) {
    try (TokenMask mask = grammar.start()) {
      for (int token : TOKENIZER.encode(text, false)) {
        if (mask.ends() || !allows(mask, token)) {
          return false;
        }
        mask.accept(token);
      }
      return mask.ends() || STOP_IDS.stream().allMatch(id -> allows(mask, id));
    }
  }

  static boolean allows(TokenMask mask, int token) {
    int word = mask.allowed().getAtIndex(ValueLayout.JAVA_INT, token / Integer.SIZE);
    return (word >>> token & 1) == 1;
  }
}

// VocabularyFileTest: tokenize and render on a GGUF file that holds a vocabulary and no model.
package dev.gatun.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class VocabularyFileTest {
  @TempDir Path folder;

  /** Of architecture mpt: the visible ASCII characters, "ab" and a beginning of text. */
  private String vocabulary() throws IOException {
    Path file = folder.resolve("vocabulary.gguf");
    try (InputStream stored = getClass().getResourceAsStream("/vocabulary.gguf")) {
      Files.copy(stored, file);
    }
    return file.toString();
  }

  @Test
  void aVocabularyTokenizes() throws IOException {
    Cli.Result result =
        Cli.terminal().run("tokenize", "-m", vocabulary(), "--text", "abc", "--json");
    assertEquals("[94,66]\n", result.succeeded());
  }

  @Test
  void aVocabularyRenders() throws IOException {
    Cli.Result result =
        Cli.piped("[{\"role\": \"user\", \"content\": \"hi\"}]")
            .run("render", "-m", vocabulary(), "--messages", "-");
    assertEquals("<s>hi", result.succeeded());
  }
}

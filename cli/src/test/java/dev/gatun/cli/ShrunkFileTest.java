// ShrunkFileTest: a model file that another program cuts while it is loaded.
package dev.gatun.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ShrunkFileTest {
  @TempDir Path folder;

  /** Standard error; its first line cuts the file. */
  private static final class Cutting extends ByteArrayOutputStream {
    private final Path file;

    Cutting(Path file) {
      this.file = file;
    }

    @Override
    public synchronized void write(byte[] bytes, int from, int count) {
      if (size() == 0) {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
          channel.truncate(channel.size() / 2);
        } catch (IOException e) {
          throw new UncheckedIOException(e);
        }
      }
      super.write(bytes, from, count);
    }
  }

  // The line about RoPE comes between opening the checkpoint and loading it.
  @Test
  void isOneLineAndExitCodeFour() throws IOException {
    TinyModel.create(folder);
    Path config = folder.resolve("config.json");
    String scaled = Files.readString(config);
    String plain = scaled.replaceAll("\"rope_scaling\": \\{[^}]*}", "\"rope_scaling\": null");
    Files.writeString(config, plain);
    ByteArrayOutputStream err = new Cutting(folder.resolve("model.safetensors"));
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    String[] run = {
      "run", "-m", folder.toString(), "-p", "abc", "--rope-scaling", "linear", "--rope-scale", "2"
    };
    int exitCode = Main.execute(Cli.piped("").stdio(out, err), Interrupts.none(), run);
    String text = err.toString(StandardCharsets.UTF_8);
    assertEquals(4, exitCode, text);
    assertEquals("", out.toString(StandardCharsets.UTF_8));
    assertTrue(
        text.matches(
            "RoPE scaling: [^\n]*\ngatun: tensor '[^']+' of 'model.safetensors' has been cut"
                + " [^\n]*\n"),
        text);
  }
}

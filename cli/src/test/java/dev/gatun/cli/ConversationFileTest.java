// ConversationFileTest: what was said is saved and loaded, and no other file is written over.
package dev.gatun.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.gatun.chat.Message;
import dev.gatun.cli.ConversationFile.Saved;
import dev.gatun.cli.ConversationFile.State;
import dev.gatun.refusal.Refusal;
import dev.gatun.sample.SamplerType;
import dev.gatun.sample.SamplingOptions;
import dev.gatun.sample.SamplingOptions.Dry;
import dev.gatun.sample.SamplingOptions.Penalties;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConversationFileTest {
  private static final SamplingOptions SAMPLING =
      SamplingOptions.defaults()
          .withTemperature(0.1 + 0.2)
          .withSeed(Long.MAX_VALUE)
          .with(new Penalties(1.1, -1, 1e-300, -2))
          .with(new Dry(0.8, 1.75, 3, -1, List.of(List.of(1, 2), List.of(7))))
          .withLogitBias(Map.of(3, Float.NEGATIVE_INFINITY, 5, 0.1f))
          .withSamplers(List.of(SamplerType.TEMPERATURE, SamplerType.PENALTIES, SamplerType.DRY));

  private static final Saved SPOKEN =
      new Saved(
          List.of(Message.user("hi \"you\""), Message.assistant("<think>\nhm</think>hello\n世界")),
          Map.of("thinking", true, "list", List.of(1L, "two")),
          Optional.of(
              new State(
                  new ModelIdentity("model", "sha256:00", "--kv f16"),
                  SAMPLING,
                  7,
                  List.of("\n\n", "stop"),
                  true)));

  private final Stdio stdio =
      Cli.terminal().stdio(new ByteArrayOutputStream(), new ByteArrayOutputStream());

  @TempDir Path folder;

  @Test
  void whatIsSavedIsLoaded() throws IOException {
    Path file = folder.resolve("c.json");
    ConversationFile.save(file, SPOKEN, stdio);
    ConversationFile.save(file, SPOKEN, stdio);
    assertEquals(SPOKEN, ConversationFile.load(file, stdio));
    try (var files = Files.list(folder)) {
      assertEquals(List.of(file), files.toList());
    }
  }

  @Test
  void aFileThatIsNoConversationIsNeitherReadNorWrittenOver() throws IOException {
    Path file = Files.writeString(folder.resolve("notes.txt"), "mine");
    assertThrows(Refusal.class, () -> ConversationFile.save(file, SPOKEN, stdio));
    assertEquals("mine", Files.readString(file));
    assertThrows(Refusal.class, () -> ConversationFile.load(file, stdio));
    Path newer =
        Files.writeString(
            folder.resolve("n.json"), "{\"messages\": [], \"gatun\": {\"version\": 9}}");
    assertThrows(Refusal.class, () -> ConversationFile.save(newer, SPOKEN, stdio));
    Path other = Files.writeString(folder.resolve("o.json"), "[{\"role\": 1}]");
    assertThrows(Refusal.class, () -> ConversationFile.load(other, stdio));
  }
}

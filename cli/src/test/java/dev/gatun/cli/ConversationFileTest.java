// ConversationFileTest: what was said is saved and loaded, and no other file is written over.
package dev.gatun.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.gatun.chat.Message;
import dev.gatun.refusal.Refusal;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConversationFileTest {
  private static final List<Message> SPOKEN =
      List.of(Message.user("hi \"you\""), Message.assistant("hello\n世界"));

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
    Path other = Files.writeString(folder.resolve("o.json"), "[{\"role\": 1}]");
    assertThrows(Refusal.class, () -> ConversationFile.load(other, stdio));
  }
}
